using Orleans.Runtime.Manifest;
using Orleans.Runtime.Migration;

namespace Orleans.Runtime.Clustering.Network;

/// <summary>A silo in another process.</summary>
internal sealed class NetworkPeer(ISiloControl control, SiloManifest manifest) : ISiloPeer
{
    public SiloManifest Manifest { get; } = manifest;

    public Task<bool> AcceptAsync(MigratingGrain grain) => control.Accept(grain.From, grain.Context.Values);
}
