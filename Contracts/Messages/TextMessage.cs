namespace OrleansLM.Contracts.Messages;

/// <summary>One message of a conversation.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.TextMessage")]
public sealed record TextMessage
{
    /// <summary>system, user or assistant.</summary>
    [Id(0)]
    public required string Role { get; init; }

    [Id(1)]
    public required string Content { get; init; }
}
