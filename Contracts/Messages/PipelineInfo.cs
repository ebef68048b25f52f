namespace OrleansLM.Contracts.Messages;

/// <summary>A replica of a model and its load; see Pipeline in cluster.proto.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.PipelineInfo")]
public sealed record PipelineInfo
{
    [Id(0)]
    public required string Model { get; init; }

    [Id(1)]
    public required string Backend { get; init; }

    [Id(2)]
    public required IReadOnlyList<StageInfo> Stages { get; init; }

    [Id(3)]
    public required int RunningTurns { get; init; }

    [Id(4)]
    public required int WaitingTurns { get; init; }

    [Id(5)]
    public required int Sequences { get; init; }

    [Id(6)]
    public required long PagesUsed { get; init; }

    [Id(7)]
    public required long PagesTotal { get; init; }

    [Id(8)]
    public required long StateBytes { get; init; }

    [Id(9)]
    public required long Steps { get; init; }

    [Id(10)]
    public required long PrefilledTokens { get; init; }

    [Id(11)]
    public required long GeneratedTokens { get; init; }

    [Id(12)]
    public required long Evictions { get; init; }

    [Id(13)]
    public required long ReusedTokens { get; init; }

    /// <summary>Free pages that still hold the state of a beginning that may come again.</summary>
    [Id(14)]
    public required long PagesCached { get; init; }
}
