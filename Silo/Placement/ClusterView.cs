using System.Collections.Concurrent;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Placement;

/// <summary>What this silo knows of the load of all, some hundreds of milliseconds old, with what it has placed there since.</summary>
public sealed class ClusterView
{
    private readonly ConcurrentDictionary<SiloAddress, KnownLoad> _loads = new();

    /// <summary>Load of the silos that have told theirs.</summary>
    public IReadOnlyDictionary<SiloAddress, SiloLoad> Loads => _loads.ToDictionary(entry => entry.Key, entry => entry.Value.Load);

    /// <summary>
    /// Those of the silos that take sessions. One that has told nothing yet may serve other models, so that it only counts where nobody else does.
    /// </summary>
    public SiloAddress[] Open(IReadOnlyCollection<SiloAddress> silos)
    {
        SiloAddress[] open = [.. silos.Where(silo => _loads.TryGetValue(silo, out var known) && !known.Load.IsDraining)];
        return open.Length > 0 ? open : [.. silos.Where(silo => !_loads.ContainsKey(silo))];
    }

    /// <summary>Turns that run, wait or were placed there, and up to ten for pages in use. A silo that nothing is known of counts as idle.</summary>
    public double ScoreOf(SiloAddress silo) => _loads.TryGetValue(silo, out var known) ? Score(known.Load) + known.PlacedSince : 0;

    public static double Score(SiloLoad load) => load.RunningTurns + (2.0 * load.WaitingTurns) + (10 * load.PagesUsed) + (0.01 * load.Sessions);

    internal void Update(SiloAddress silo, SiloLoad load) => _loads[silo] = new KnownLoad(load);

    internal void Placed(SiloAddress silo)
    {
        if (_loads.TryGetValue(silo, out var known))
        {
            known.Place();
        }
    }

    internal void Keep(IReadOnlyCollection<SiloAddress> silos)
    {
        foreach (var silo in _loads.Keys.Except(silos))
        {
            _loads.TryRemove(silo, out _);
        }
    }
}
