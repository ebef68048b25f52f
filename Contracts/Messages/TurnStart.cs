namespace OrleansLM.Contracts.Messages;

/// <summary>How a turn began.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.TurnStart")]
public sealed record TurnStart
{
    /// <summary>Position of its first appended token.</summary>
    [Id(0)]
    public required int StartPosition { get; init; }

    [Id(1)]
    public required int PromptTokens { get; init; }

    /// <summary>The seed in force.</summary>
    [Id(2)]
    public required ulong Seed { get; init; }

    /// <summary>True when the stream joined a turn that had begun before.</summary>
    [Id(3)]
    public bool Resumed { get; init; }

    /// <summary>Something that the caller should know, said once: the session has become longer than what its model was trained for. Null: nothing.</summary>
    [Id(4)]
    public string? Notice { get; init; }
}
