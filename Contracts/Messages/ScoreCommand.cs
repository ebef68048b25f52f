namespace OrleansLM.Contracts.Messages;

/// <summary>Asks for the log-probabilities of a given text.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ScoreCommand")]
public sealed record ScoreCommand
{
    [Id(0)]
    public required ModelInput Input { get; init; }

    /// <summary>[0, 20]: alternatives at each position.</summary>
    [Id(1)]
    public int Top { get; init; }
}
