namespace Orleans.Runtime.Membership;

/// <summary>A row of the table of silos.</summary>
internal sealed record SiloTableEntry(SiloAddress Silo, string Name, SiloStatus Status, SiloAddress Gateway);
