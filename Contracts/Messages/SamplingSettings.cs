namespace OrleansLM.Contracts.Messages;

/// <summary>How tokens are chosen, as a caller wrote it: null takes the session's default, then greedy. Intervals stand in sampling.proto.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SamplingSettings")]
public sealed record SamplingSettings
{
    [Id(0)]
    public float? Temperature { get; init; }

    [Id(1)]
    public int? TopK { get; init; }

    [Id(2)]
    public float? TopP { get; init; }

    [Id(3)]
    public float? MinP { get; init; }

    [Id(4)]
    public float? RepetitionPenalty { get; init; }

    [Id(5)]
    public float? PresencePenalty { get; init; }

    [Id(6)]
    public float? FrequencyPenalty { get; init; }

    /// <summary>Null or empty: the default's.</summary>
    [Id(7)]
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    [Id(8)]
    public ulong? Seed { get; init; }

    /// <summary>Alternatives to report with each token; null reports nothing.</summary>
    [Id(9)]
    public int? LogProbs { get; init; }
}
