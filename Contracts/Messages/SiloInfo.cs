namespace OrleansLM.Contracts.Messages;

/// <summary>One silo and what it holds.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SiloInfo")]
public sealed record SiloInfo
{
    [Id(0)]
    public required string Name { get; init; }

    [Id(1)]
    public required string Address { get; init; }

    [Id(2)]
    public required string Status { get; init; }

    [Id(3)]
    public required DateTimeOffset StartTime { get; init; }

    [Id(4)]
    public required string Version { get; init; }

    [Id(5)]
    public required IReadOnlyList<PipelineInfo> Pipelines { get; init; }

    /// <summary>Null: it did not answer.</summary>
    [Id(6)]
    public SiloLoad? Load { get; init; }
}
