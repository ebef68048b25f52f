using System.Collections.Frozen;

namespace Orleans.Runtime.Clustering.Directory;

/// <summary>The membership as the directory sees it: active silos have its parts, and silos that are not dead may have activations.</summary>
internal sealed class DirectoryView
{
    public DirectoryView(ClusterMembershipSnapshot snapshot, DirectoryRing ring)
    {
        Version = snapshot.Version;
        Ring = ring;
        Hosts = snapshot.Members.Values
            .Where(m => m.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping)
            .Select(m => m.SiloAddress)
            .ToFrozenSet();
    }

    public MembershipVersion Version { get; }

    /// <summary>The same object as long as nothing has moved.</summary>
    public DirectoryRing Ring { get; }

    public FrozenSet<SiloAddress> Hosts { get; }

    public static DirectoryRing RingOf(ClusterMembershipSnapshot snapshot)
        => new(snapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress));
}
