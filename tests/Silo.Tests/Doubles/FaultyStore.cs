using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>A snapshot store over a disk that is full while it is told so.</summary>
internal sealed class FaultyStore(ISnapshotStore store) : ISnapshotStore
{
    public bool IsFull { get; set; }

    public long UsedBytes => store.UsedBytes;

    public ISnapshotWrite? Begin(SnapshotName name, long bytes) => IsFull ? throw new IOException("No space left on device") : store.Begin(name, bytes);

    public Stream? Open(SnapshotName name) => store.Open(name);

    public bool Touch(SnapshotName name) => store.Touch(name);

    public void Delete(SnapshotName name) => store.Delete(name);

    public void DeleteSession(string sessionId) => store.DeleteSession(sessionId);
}
