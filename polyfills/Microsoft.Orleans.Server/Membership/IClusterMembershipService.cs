namespace Orleans.Runtime;

/// <summary>Who is in the cluster.</summary>
public interface IClusterMembershipService
{
    ClusterMembershipSnapshot CurrentSnapshot { get; }

    /// <summary>The present snapshot, then each newer one; a slow reader skips some.</summary>
    IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates { get; }

    /// <summary>Reads the membership, at least up to the given version.</summary>
    ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default);

    /// <summary>Declares a silo dead; false when it is not a member.</summary>
    Task<bool> TryKill(SiloAddress siloAddress);
}
