using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Invocation;

namespace Orleans.Runtime.Clustering;

/// <summary>References to what other silos answer.</summary>
internal sealed class SiloControls(GrainReferences references, IOptions<SiloMessagingOptions> options)
{
    private readonly ConcurrentDictionary<SiloAddress, ISiloControl> _controls = new();

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Timeout => options.Value.ResponseTimeout;

    public ISiloControl Of(SiloAddress silo) => _controls.GetOrAdd(silo, Create);

    public void Forget(SiloAddress silo) => _controls.TryRemove(silo, out _);

    private ISiloControl Create(SiloAddress silo)
        => (ISiloControl)(object)references.Create(GrainId.Create(ISiloControl.TypeName, silo.ToParsableString()), typeof(ISiloControl));
}
