using System.Collections.Immutable;

namespace Orleans.Runtime;

/// <summary>The members of the cluster at one version of the membership.</summary>
[Immutable]
public sealed class ClusterMembershipSnapshot(ImmutableDictionary<SiloAddress, ClusterMember> members, MembershipVersion version)
{
    public ImmutableDictionary<SiloAddress, ClusterMember> Members { get; } = members;

    public MembershipVersion Version { get; } = version;

    /// <summary>None for a silo that the cluster does not know; dead for one that was replaced at its endpoint by a later run.</summary>
    public SiloStatus GetSiloStatus(SiloAddress silo)
    {
        if (Members.TryGetValue(silo, out ClusterMember? member))
            return member.Status;

        return Members.Keys.Any(silo.IsPredecessorOf) ? SiloStatus.Dead : SiloStatus.None;
    }

    public override string ToString() => $"Version {Version}: {string.Join(", ", Members.Values)}";
}
