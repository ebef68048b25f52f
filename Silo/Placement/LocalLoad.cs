using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Sessions;

namespace OrleansLM.Silo.Placement;

/// <summary>How busy this silo is, measured when it is asked for.</summary>
public sealed class LocalLoad(ModelRegistry models, ActiveSessions active, KnownBeginnings known, IOptions<PlacementOptions> options)
{
    private volatile bool _isDraining;
    private volatile bool _isAgreed;

    /// <summary>This silo takes no sessions.</summary>
    public bool IsDraining
    {
        get => _isDraining;
        set => _isDraining = value;
    }

    /// <summary>The others serve what this silo serves, as far as they answered. Before that is known it takes no sessions.</summary>
    public bool IsAgreed
    {
        get => _isAgreed;
        set => _isAgreed = value;
    }

    public SiloLoad Measure()
    {
        var (running, waiting, pages) = (0, 0, 0.0);
        foreach (var model in models.All)
        {
            var status = model.Engine.GetStatus();
            running += status.RunningTurns;
            waiting += status.WaitingTurns;
            pages = Math.Max(pages, status.PagesTotal > 0 ? (double)status.PagesUsed / status.PagesTotal : 0);
        }

        // Without a model of its own (it serves stages to others, or has not loaded yet) it can take no session.
        var closed = IsDraining || !IsAgreed || models.All.Count == 0;
        return new SiloLoad
        {
            RunningTurns = running,
            WaitingTurns = waiting,
            Sessions = active.Count,
            PagesUsed = pages,
            IsDraining = closed,
            Zone = options.Value.Zone,
            Beginnings = known.Keys,
            Models = models.All.Select(model => new ServedModel { Name = model.Name, Fingerprint = model.Engine.Description.Fingerprint }).ToArray(),
        };
    }
}
