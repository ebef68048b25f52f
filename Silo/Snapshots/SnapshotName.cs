using System.Globalization;

namespace OrleansLM.Silo.Snapshots;

/// <summary>Names a snapshot: a session's, that of one of its named checkpoints, or the part of its state that begins at a position.</summary>
public readonly record struct SnapshotName(string SessionId, string? Checkpoint = null)
{
    /// <summary>What was computed from this position on, the beginning of a page.</summary>
    public static SnapshotName PartOf(string sessionId, int from) => new(sessionId, $"+{from.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Neither part may hold '@' and no checkpoint's name '+', so no two names are alike.</summary>
    public override string ToString() => Checkpoint is null ? SessionId : $"{SessionId}@{Checkpoint}";
}
