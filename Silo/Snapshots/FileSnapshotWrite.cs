namespace OrleansLM.Silo.Snapshots;

/// <summary>A file that takes its final name when it is whole.</summary>
/// <param name="path">The final name.</param>
/// <param name="temporary">Until then.</param>
/// <param name="time">Says when it was written.</param>
/// <param name="settle">Told, once, by how many bytes the folder grew.</param>
internal sealed class FileSnapshotWrite(string path, string temporary, TimeProvider time, Action<long> settle) : ISnapshotWrite
{
    private readonly FileStream _stream = new(
        temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 1 << 16, Options = FileOptions.Asynchronous });

    private long _grown;

    public Stream Stream => _stream;

    public async Task CommitAsync()
    {
        await _stream.FlushAsync();
        await Task.Run(() => _stream.Flush(flushToDisk: true));
        var length = _stream.Length;
        await _stream.DisposeAsync();
        var before = File.Exists(path) ? new FileInfo(path).Length : 0;
        File.SetLastWriteTimeUtc(temporary, time.GetUtcNow().UtcDateTime);
        File.Move(temporary, path, overwrite: true);
        _grown = length - before;
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        File.Delete(temporary);
        settle(_grown);
    }
}
