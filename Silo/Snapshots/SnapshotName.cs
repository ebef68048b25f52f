namespace OrleansLM.Silo.Snapshots;

/// <summary>Names a snapshot: a session's, or that of one of its named checkpoints.</summary>
public readonly record struct SnapshotName(string SessionId, string? Checkpoint = null)
{
    /// <summary>Neither part may hold '@', so no two names are alike.</summary>
    public override string ToString() => Checkpoint is null ? SessionId : $"{SessionId}@{Checkpoint}";
}
