namespace OrleansLM.Silo.Snapshots;

/// <summary>A snapshot on its way into the store. Disposed without <see cref="CommitAsync"/> it leaves no trace.</summary>
public interface ISnapshotWrite : IAsyncDisposable
{
    Stream Stream { get; }

    /// <summary>Makes the snapshot whole and durable, in the place of an earlier one of that name.</summary>
    /// <exception cref="IOException">The disk is full, or lost. The earlier snapshot is still there.</exception>
    Task CommitAsync();
}
