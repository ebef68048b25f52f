namespace OrleansLM.Contracts.Messages;

/// <summary>Progress, a run of scored positions, or the summary at the end.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ScoreEvent")]
public sealed record ScoreEvent
{
    [Id(0)]
    public int Computed { get; init; }

    [Id(1)]
    public int Total { get; init; }

    [Id(2)]
    public int StartPosition { get; init; }

    [Id(3)]
    public IReadOnlyList<ScoredToken>? Tokens { get; init; }

    [Id(4)]
    public IReadOnlyList<IReadOnlyList<ScoredToken>>? Top { get; init; }

    [Id(5)]
    public ScoreSummary? Summary { get; init; }
}
