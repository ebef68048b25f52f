namespace OrleansLM.Contracts.Messages;

/// <summary>A piece of a session's archive on its way into a server; see Import in sessions.proto.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ArchiveChunk")]
public sealed record ArchiveChunk
{
    /// <summary>Names the transfer: pieces of two that are sent to one session at the same time do not mix.</summary>
    [Id(0)]
    public required string TransferId { get; init; }

    /// <summary>Bytes before this piece.</summary>
    [Id(1)]
    public required long Offset { get; init; }

    [Id(2)]
    public required byte[] Data { get; init; }

    /// <summary>With this piece the archive is whole.</summary>
    [Id(3)]
    public bool IsLast { get; init; }

    /// <summary>Name of the model to import to; null: the archive's.</summary>
    [Id(4)]
    public string? Model { get; init; }
}
