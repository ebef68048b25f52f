namespace OrleansLM.Contracts.Messages;

/// <summary>A named position of a session.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.CheckpointInfo")]
public sealed record CheckpointInfo
{
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Tokens [0, Position) are kept when rolled back to it.</summary>
    [Id(1)]
    public required int Position { get; init; }

    [Id(2)]
    public required DateTimeOffset CreateTime { get; init; }
}
