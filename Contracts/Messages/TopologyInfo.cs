namespace OrleansLM.Contracts.Messages;

/// <summary>The silos of the cluster.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.TopologyInfo")]
public sealed record TopologyInfo
{
    [Id(0)]
    public required string ClusterId { get; init; }

    [Id(1)]
    public required IReadOnlyList<SiloInfo> Silos { get; init; }

    [Id(2)]
    public required DateTimeOffset Time { get; init; }
}
