using System.Collections.Immutable;
using Orleans.Runtime.Clustering;

namespace Orleans.Runtime.MembershipService.SiloMetadata;

internal sealed class SiloMetadataCache(IPeerSilos peers) : ISiloMetadataCache
{
    public SiloMetadata GetSiloMetadata(SiloAddress siloAddress)
        => peers.Find(siloAddress) is { } peer ? new SiloMetadata { Metadata = peer.Manifest.Metadata.ToImmutableDictionary() } : SiloMetadata.Empty;
}
