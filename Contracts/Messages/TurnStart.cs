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
}
