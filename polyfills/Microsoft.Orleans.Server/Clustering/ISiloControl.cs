using Orleans.Concurrency;
using Orleans.Runtime.Clustering.Directory;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Clustering;

/// <summary>What the silos of a cluster of processes ask of each other. Each silo answers for itself; these are no grains.</summary>
[Alias("Orleans.Runtime.ISiloControl")]
internal interface ISiloControl : ISystemTarget
{
    public const string TypeName = "sys.silo";

    /// <summary>Answers; the version lets the other side notice that it has not seen the newest membership.</summary>
    Task Ping(MembershipVersion version);

    /// <summary>Whether another silo answers this one.</summary>
    Task<bool> PingOther(SiloAddress silo, TimeSpan timeout);

    [OneWay]
    Task OnMembershipChanged(MembershipVersion version);

    Task<ManifestData> GetManifest();

    Task<bool> Accept(GrainAddress from, [Immutable] Dictionary<string, object?> values);

    Task<DirectoryAnswer> Register(GrainAddress address, ActivationId previous, MembershipVersion view);

    Task<DirectoryAnswer> Lookup(GrainId grain, MembershipVersion view);

    Task<DirectoryAnswer> Unregister(GrainAddress address, MembershipVersion view);

    /// <summary>The activations on this silo that belong to a silo's part of the directory by the given ring.</summary>
    Task<Registration[]> GetRegistrations(SiloAddress[] ring, SiloAddress owner, MembershipVersion view);

    [OneWay]
    Task DropDuplicate(GrainAddress address);

    /// <summary>For clusters whose table is in the memory of one silo.</summary>
    Task<SiloTable> ReadTable();

    Task<bool> WriteTable(SiloTableEntry entry, MembershipVersion expected);

    Task WriteAlive(SiloAddress silo, DateTime time);
}
