namespace OrleansLM.Silo.Snapshots;

/// <summary>Where snapshots lie, by name. A snapshot is there as a whole or not at all; any may vanish at any time to make room. Thread-safe; failures are <see cref="IOException"/>.</summary>
public interface ISnapshotStore
{
    /// <summary>Bytes that all snapshots take, as far as this process knows.</summary>
    long UsedBytes { get; }

    /// <summary>Begins a snapshot, removing the ones used longest ago where the quota asks for it.</summary>
    /// <param name="name">Whose it is.</param>
    /// <param name="bytes">Its size at most.</param>
    /// <returns>Null: it is larger than the whole quota.</returns>
    ISnapshotWrite? Begin(SnapshotName name, long bytes);

    /// <summary>Opens a snapshot for reading; null when there is none. It then counts as used.</summary>
    Stream? Open(SnapshotName name);

    /// <summary>Whether there is a snapshot, which then counts as used.</summary>
    bool Touch(SnapshotName name);

    /// <summary>Removes a snapshot, if it is there.</summary>
    void Delete(SnapshotName name);

    /// <summary>Removes a session's snapshot and those of its checkpoints.</summary>
    void DeleteSession(string sessionId);
}
