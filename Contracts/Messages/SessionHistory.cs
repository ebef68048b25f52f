namespace OrleansLM.Contracts.Messages;

/// <summary>Tokens of a part of a session and their text.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SessionHistory")]
public sealed record SessionHistory
{
    [Id(0)]
    public required int Start { get; init; }

    [Id(1)]
    public required IReadOnlyList<int> TokenIds { get; init; }

    [Id(2)]
    public required string Text { get; init; }
}
