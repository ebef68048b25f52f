namespace Orleans.Runtime.Membership;

/// <summary>The table of silos at one version.</summary>
internal sealed record SiloTable(MembershipVersion Version, IReadOnlyList<SiloTableEntry> Entries);
