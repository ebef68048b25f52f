namespace Orleans.Runtime;

/// <summary>A silo, as the cluster's membership knows it.</summary>
[Immutable]
public sealed record ClusterMember(SiloAddress SiloAddress, SiloStatus Status, string Name);
