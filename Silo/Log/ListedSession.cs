using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log;

/// <summary>A line of a listing.</summary>
/// <param name="Row">Grows with creation; where the next page begins.</param>
/// <param name="Session">As last committed.</param>
/// <param name="Checkpoints">By position.</param>
public sealed record ListedSession(long Row, SessionRecord Session, IReadOnlyList<CheckpointInfo> Checkpoints);
