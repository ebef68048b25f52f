namespace Orleans.Runtime.Membership;

/// <summary>A row of the table of silos. Times are UTC.</summary>
[GenerateSerializer, Immutable]
internal sealed record SiloTableEntry(SiloAddress Silo, string Name, SiloStatus Status, SiloAddress Gateway)
{
    [Id(0)]
    public string HostName { get; init; } = "";

    [Id(1)]
    public DateTime StartTime { get; init; }

    [Id(2)]
    public DateTime IAmAliveTime { get; init; }

    [Id(3)]
    public SuspicionVote[] Suspicions { get; init; } = [];

    /// <summary>When the silo was last known to be there: it wrote its row, or said that it is alive.</summary>
    public DateTime LastSign => IAmAliveTime > StartTime ? IAmAliveTime : StartTime;
}
