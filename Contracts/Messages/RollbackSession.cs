namespace OrleansLM.Contracts.Messages;

/// <summary>Asks to forget everything from a position on: exactly one of the two is set.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.RollbackSession")]
public sealed record RollbackSession
{
    /// <summary>Negative counts from the end.</summary>
    [Id(0)]
    public int? Position { get; init; }

    [Id(1)]
    public string? Checkpoint { get; init; }
}
