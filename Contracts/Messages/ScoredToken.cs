namespace OrleansLM.Contracts.Messages;

/// <summary>A token with its log-probability (natural logarithm).</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ScoredToken")]
public sealed record ScoredToken
{
    [Id(0)]
    public required int TokenId { get; init; }

    [Id(1)]
    public required float LogProb { get; init; }

    [Id(2)]
    public required string Text { get; init; }
}
