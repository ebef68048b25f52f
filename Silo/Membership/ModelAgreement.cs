using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Membership;

/// <summary>
/// Sees to it that a name means one model in the whole cluster. A silo takes no sessions before it has asked the others; one that serves other weights by a name
/// that an older silo serves says so and ends.
/// </summary>
internal sealed partial class ModelAgreement(ClusterView view, LocalLoad local, ILocalSiloDetails silo, IHostApplicationLifetime lifetime, ILogger<ModelAgreement> logger)
{
    private bool _isRefused;

    /// <summary>Called when the others have been asked.</summary>
    public void Look()
    {
        if (_isRefused)
        {
            return;
        }

        if (ModelConflict.Find(silo.SiloAddress, view.Loads) is not { } conflict)
        {
            local.IsAgreed = true;
            return;
        }

        _isRefused = true;
        local.IsAgreed = false;
        LogRefused(silo.Name, conflict.Own.Name, conflict.Own.Fingerprint, conflict.Other.Fingerprint, conflict.Silo);
        Environment.ExitCode = 1;
        lifetime.StopApplication();
    }

    [LoggerMessage(
        40, LogLevel.Critical,
        "Silo {Name} serves {Model} with the fingerprint {Found}; expected {Expected}, which {Older} of this cluster serves by that name. It takes no sessions and ends: give it the same files, or the model another name")]
    private partial void LogRefused(string name, string model, string found, string expected, SiloAddress older);
}
