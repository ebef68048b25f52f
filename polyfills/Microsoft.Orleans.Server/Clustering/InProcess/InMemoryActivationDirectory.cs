using System.Collections.Concurrent;

namespace Orleans.Runtime.Clustering.InProcess;

internal sealed class InMemoryActivationDirectory : IActivationDirectory
{
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _addresses = new();

    public ValueTask<GrainAddress> RegisterAsync(GrainAddress address, GrainAddress? previous)
        => new(_addresses.AddOrUpdate(address.GrainId, address, (_, existing) => MayReplace(existing, address, previous) ? address : existing));

    public ValueTask<GrainAddress?> LookupAsync(GrainId grain, bool useCache) => new(_addresses.GetValueOrDefault(grain));

    public ValueTask UnregisterAsync(GrainAddress address)
    {
        _addresses.TryRemove(KeyValuePair.Create(address.GrainId, address));
        return default;
    }

    public void Release(GrainAddress address)
    {
    }

    public void Invalidate(GrainId grain, SiloAddress silo)
    {
    }

    public void RemoveSilo(SiloAddress silo)
    {
        foreach (KeyValuePair<GrainId, GrainAddress> entry in _addresses)
        {
            if (silo.Equals(entry.Value.SiloAddress))
                _addresses.TryRemove(entry);
        }
    }

    // A silo has at most one activation of a grain, so an older one on the same silo is gone.
    private static bool MayReplace(GrainAddress existing, GrainAddress address, GrainAddress? previous)
        => existing.Equals(previous) || address.SiloAddress!.Equals(existing.SiloAddress);
}
