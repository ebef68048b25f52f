namespace OrleansLM.Contracts.Messages;

/// <summary>Asks for a new session that begins as a copy.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ForkSession")]
public sealed record ForkSession
{
    [Id(0)]
    public required string NewSessionId { get; init; }

    /// <summary>Negative counts from the end; null with no checkpoint: the whole session.</summary>
    [Id(1)]
    public int? Position { get; init; }

    [Id(2)]
    public string? Checkpoint { get; init; }

    /// <summary>Null: the parent's.</summary>
    [Id(3)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}
