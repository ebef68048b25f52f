using Orleans.Runtime.Manifest;

namespace Orleans.Runtime.Clustering;

/// <summary>The silos that can be asked, this one included.</summary>
internal interface IPeerSilos : IClusterManifests
{
    void Attach(SiloAddress address, ISiloPeer silo);

    void Detach(SiloAddress address);

    ISiloPeer? Find(SiloAddress address);
}
