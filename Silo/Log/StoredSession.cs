using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log;

/// <summary>A session as the log has it, but for its tokens.</summary>
public sealed record StoredSession
{
    public required SessionHandle Handle { get; init; }

    public required SessionRecord Session { get; init; }

    /// <summary>By position.</summary>
    public required IReadOnlyList<CheckpointInfo> Checkpoints { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<TurnRecord> Turns { get; init; }
}
