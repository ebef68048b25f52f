using System.Collections.Concurrent;
using Orleans.Runtime.Manifest;

namespace Orleans.Runtime.Clustering.InProcess;

internal sealed class InProcessPeers : IPeerSilos
{
    private readonly ConcurrentDictionary<SiloAddress, ISiloPeer> _silos = new();

    public IEnumerable<SiloManifest> Current => _silos.Values.Select(s => s.Manifest);

    public void Attach(SiloAddress address, ISiloPeer silo) => _silos[address] = silo;

    public void Detach(SiloAddress address) => _silos.TryRemove(address, out _);

    public ISiloPeer? Find(SiloAddress address) => _silos.GetValueOrDefault(address);
}
