using Microsoft.Extensions.Options;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Snapshots;

/// <summary>
/// Snapshots as files of one folder, which several silos may share. A file is written under another name, flushed to the disk and renamed, so that a crash leaves
/// either snapshot or none. Time of use is the file's time of last write.
/// </summary>
public sealed class FileSnapshotStore(IOptions<SnapshotOptions> options, IOptions<SessionLogOptions> log, TimeProvider time) : ISnapshotStore
{
    private const string Extension = ".state";
    private const string Unfinished = ".tmp";
    private static readonly TimeSpan s_abandonedAfter = TimeSpan.FromHours(1);

    private readonly Lock _sync = new();
    private readonly string _folder = Path.GetFullPath(options.Value.Folder ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(log.Value.Path))!, "snapshots"));
    private readonly long _quota = options.Value.QuotaBytes;
    private long? _used;
    private long _counted;

    public long UsedBytes => Interlocked.Read(ref _counted);

    public ISnapshotWrite? Begin(SnapshotName name, long bytes)
    {
        lock (_sync)
        {
            if (bytes > _quota)
            {
                return null;
            }

            _used ??= Open();
            if (_used + bytes > _quota)
            {
                // Other silos may have come and gone: what counts is what is there.
                _used = MakeRoom(_quota - bytes);
            }

            Count(bytes);
        }

        var path = PathOf(name);
        return new FileSnapshotWrite(path, $"{path}.{Guid.NewGuid():N}{Unfinished}", time, actual => Settle(actual - bytes));
    }

    public Stream? Open(SnapshotName name)
    {
        var path = PathOf(name);
        try
        {
            var reading = new FileStreamOptions { BufferSize = 1 << 16, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.SequentialScan };
            return Touch(name) ? new FileStream(path, reading) : null;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public bool Touch(SnapshotName name)
    {
        try
        {
            File.SetLastWriteTimeUtc(PathOf(name), time.GetUtcNow().UtcDateTime);
            return true;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    public void Delete(SnapshotName name) => Remove(new FileInfo(PathOf(name)));

    public void DeleteSession(string sessionId)
    {
        Delete(new SnapshotName(sessionId));
        foreach (var file in Files($"{new SnapshotName(sessionId, "*")}{Extension}"))
        {
            Remove(file);
        }
    }

    private string PathOf(SnapshotName name) => Path.Combine(_folder, $"{name}{Extension}");

    private FileInfo[] Files(string pattern) => Directory.Exists(_folder) ? new DirectoryInfo(_folder).GetFiles(pattern) : [];

    /// <summary>The first look at the folder: what a crash left half-written goes.</summary>
    private long Open()
    {
        Directory.CreateDirectory(_folder);
        foreach (var file in Files($"*{Unfinished}").Where(file => file.LastWriteTimeUtc < time.GetUtcNow().UtcDateTime - s_abandonedAfter))
        {
            file.Delete();
        }

        return Files($"*{Extension}").Sum(file => file.Length);
    }

    private long MakeRoom(long target)
    {
        var files = Files($"*{Extension}").OrderBy(file => file.LastWriteTimeUtc).ToArray();
        var used = files.Sum(file => file.Length);
        foreach (var file in files.TakeWhile(_ => used > target))
        {
            used -= file.Length;
            file.Delete();
        }

        return used;
    }

    private void Remove(FileInfo file)
    {
        if (file.Exists)
        {
            var length = file.Length;
            file.Delete();
            Settle(-length);
        }
    }

    private void Settle(long difference)
    {
        lock (_sync)
        {
            _used ??= Open();
            Count(difference);
        }
    }

    private void Count(long difference)
    {
        _used = Math.Max(0, _used!.Value + difference);
        Interlocked.Exchange(ref _counted, _used.Value);
    }
}
