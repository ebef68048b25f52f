using System.Collections.Concurrent;
using Orleans.Runtime;

namespace OrleansLM.Silo.Membership;

/// <summary>When each of the other silos was last heard of by this one, directly. One that has never been counts from when it was first asked for.</summary>
internal sealed class PeerSigns(TimeProvider time)
{
    private readonly ConcurrentDictionary<SiloAddress, long> _last = new();

    public void Heard(SiloAddress silo) => _last[silo] = time.GetTimestamp();

    public TimeSpan SilenceOf(SiloAddress silo) => time.GetElapsedTime(_last.GetOrAdd(silo, static (_, time) => time.GetTimestamp(), time));

    /// <summary>Forgets all but these.</summary>
    public void Keep(IReadOnlyCollection<SiloAddress> silos)
    {
        foreach (var silo in _last.Keys.Except(silos))
        {
            _last.TryRemove(silo, out _);
        }
    }
}
