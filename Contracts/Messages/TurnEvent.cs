namespace OrleansLM.Contracts.Messages;

/// <summary>One event of a turn; see TurnEvent in sessions.proto. A flat record so that a token costs one allocation.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.TurnEvent")]
public sealed record TurnEvent
{
    [Id(0)]
    public required TurnEventKind Kind { get; init; }

    [Id(1)]
    public required string TurnId { get; init; }

    /// <summary>Token, PromptLogProb: its position. Others: the position that the next token will have.</summary>
    [Id(2)]
    public required int Offset { get; init; }

    [Id(3)]
    public TurnStart? Started { get; init; }

    /// <summary>PrefillProgress: tokens computed.</summary>
    [Id(4)]
    public int Computed { get; init; }

    /// <summary>PrefillProgress: tokens to compute.</summary>
    [Id(5)]
    public int Total { get; init; }

    /// <summary>Token, PromptLogProb.</summary>
    [Id(6)]
    public int TokenId { get; init; }

    /// <summary>Token, Finished: text that became final. PromptLogProb: the token's own text.</summary>
    [Id(7)]
    public string Text { get; init; } = "";

    [Id(8)]
    public float? LogProb { get; init; }

    [Id(9)]
    public IReadOnlyList<ScoredToken>? Top { get; init; }

    [Id(10)]
    public TurnEnd? Finished { get; init; }
}
