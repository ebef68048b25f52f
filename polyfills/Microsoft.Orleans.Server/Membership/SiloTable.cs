namespace Orleans.Runtime.Membership;

/// <summary>The table of silos at one version.</summary>
[GenerateSerializer, Immutable]
internal sealed record SiloTable(MembershipVersion Version, SiloTableEntry[] Entries);
