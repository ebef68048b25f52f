namespace OrleansLM.Contracts.Messages;

/// <summary>How a turn ended and what it cost.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.TurnEnd")]
public sealed record TurnEnd
{
    [Id(0)]
    public required TurnFinishReason Reason { get; init; }

    [Id(1)]
    public required int PromptTokens { get; init; }

    /// <summary>Computed by prefill: input and rebuilt state.</summary>
    [Id(2)]
    public required int PrefilledTokens { get; init; }

    [Id(3)]
    public required int GeneratedTokens { get; init; }

    [Id(4)]
    public required int SessionLength { get; init; }

    [Id(5)]
    public required TimeSpan QueueTime { get; init; }

    [Id(6)]
    public required TimeSpan TimeToFirstToken { get; init; }

    [Id(7)]
    public required TimeSpan TotalTime { get; init; }
}
