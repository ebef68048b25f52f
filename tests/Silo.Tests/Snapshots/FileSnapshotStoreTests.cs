using Microsoft.Extensions.Options;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Snapshots;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Snapshots;

public sealed class FileSnapshotStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task What_is_not_committed_leaves_no_trace()
    {
        var store = Store();
        await WriteAsync(store, "a", 100, commit: true);
        await WriteAsync(store, "a", 200, commit: false);
        Assert.Equal((100, 100L), (Read(store, "a"), store.UsedBytes));
        Assert.Equal(["a.state"], Names());
    }

    [Fact]
    public async Task The_ones_used_longest_ago_make_room()
    {
        var store = Store(quota: 300);
        foreach (var name in new[] { "a", "b", "c" })
        {
            await WriteAsync(store, name, 100, commit: true);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(100, Read(store, "a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        await WriteAsync(store, "d", 150, commit: true);
        Assert.Equal(["a.state", "d.state"], Names());
        Assert.Equal(250, store.UsedBytes);
        Assert.Null(store.Begin(new SnapshotName("e"), 301));
    }

    [Fact]
    public async Task A_second_store_over_the_folder_finds_and_counts_what_is_there()
    {
        await WriteAsync(Store(quota: 300), "a", 200, commit: true);
        var other = Store(quota: 300);
        Assert.Equal(200, Read(other, "a"));
        await WriteAsync(other, "b", 150, commit: true);
        Assert.Equal(["b.state"], Names());
    }

    [Fact]
    public async Task A_session_goes_with_its_checkpoints_and_no_others()
    {
        var store = Store();
        foreach (var name in new[] { new SnapshotName("a"), new("a", "one"), new("a.b"), new("a.b", "one"), new("..") })
        {
            await WriteAsync(store, name, 10, commit: true);
        }

        store.DeleteSession("a");
        Assert.Equal(["...state", "a.b.state", "a.b@one.state"], Names());
        Assert.Equal(30, store.UsedBytes);
        Assert.False(store.Touch(new SnapshotName("a")));
        Assert.Null(store.Open(new SnapshotName("a", "one")));
    }

    public void Dispose() => _directory.Dispose();

    private FileSnapshotStore Store(long quota = 1000) => new(
        Options.Create(new SnapshotOptions { QuotaBytes = quota }), Options.Create(new SessionLogOptions { Path = _directory.File("sessions.db") }), _time);

    private string[] Names() => [.. Directory.GetFiles(_directory.File("snapshots")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static Task WriteAsync(FileSnapshotStore store, string name, int bytes, bool commit) => WriteAsync(store, new SnapshotName(name), bytes, commit);

    private static async Task WriteAsync(FileSnapshotStore store, SnapshotName name, int bytes, bool commit)
    {
        await using var write = store.Begin(name, bytes)!;
        await write.Stream.WriteAsync(new byte[bytes]);
        if (commit)
        {
            await write.CommitAsync();
        }
    }

    private static long Read(FileSnapshotStore store, string name)
    {
        using var stream = store.Open(new SnapshotName(name))!;
        return stream.Length;
    }
}
