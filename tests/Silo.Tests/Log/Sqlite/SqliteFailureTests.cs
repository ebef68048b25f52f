using Microsoft.Data.Sqlite;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Log.Sqlite;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Log.Sqlite;

/// <summary>Files that cannot be used, disks that are full.</summary>
public sealed class SqliteFailureTests
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public async Task A_full_disk_refuses_what_does_not_fit_and_nothing_else()
    {
        using var directory = new TemporaryDirectory();
        await using var log = SessionLogs.At(directory.File("s.db"), maxBytes: 256 * 1024);
        await log.Log.OpenAsync(CancellationToken.None);
        await log.Log.CreateAsync(Session("small"), new[] { 1, 2, 3 }, [], int.MaxValue);

        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => log.Log.CreateAsync(Session("huge"), new int[1_000_000], [], int.MaxValue));
        Assert.Equal((ErrorCode.ResourceExhausted, "SESSION_LOG_FULL"), (failure.Code, failure.Reason));
        Assert.NotNull(failure.RetryAfter);

        Assert.Null(await log.Log.OpenSessionAsync("huge"));
        Assert.Equal(1, log.Log.SessionCount);
        await log.Log.CreateAsync(Session("next"), new[] { 4 }, [], int.MaxValue);
        Assert.Equal(2, log.Log.SessionCount);
    }

    [Fact]
    public async Task In_a_group_that_fails_the_others_are_written()
    {
        using var directory = new TemporaryDirectory();
        await using var log = SessionLogs.At(directory.File("s.db"), maxBytes: 256 * 1024);
        await log.Log.OpenAsync(CancellationToken.None);
        var all = Enumerable.Range(0, 8)
            .Select(i => log.Log.CreateAsync(Session($"s{i}"), i == 3 ? new int[1_000_000] : new int[10], [], int.MaxValue))
            .ToList();
        await Assert.ThrowsAsync<OrleansLMException>(() => Task.WhenAll(all));
        Assert.Equal([3], Enumerable.Range(0, 8).Where(i => all[i].IsFaulted));
        Assert.Equal(7, log.Log.SessionCount);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory.File("s.db"), new string('x', 5000));
        await using var log = SessionLogs.At(directory.File("s.db"));
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => log.Log.OpenAsync(CancellationToken.None));
        Assert.Equal((ErrorCode.DataLoss, "SESSION_LOG_DAMAGED"), (failure.Code, failure.Reason));
        Assert.Contains("s.db", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_programs_database_is_refused_and_left_alone()
    {
        using var directory = new TemporaryDirectory();
        Run(directory.File("s.db"), "CREATE TABLE other (x); INSERT INTO other VALUES (1)");
        await using var log = SessionLogs.At(directory.File("s.db"));
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => log.Log.OpenAsync(CancellationToken.None));
        Assert.Equal(ErrorCode.FailedPrecondition, failure.Code);
        Assert.Equal(1L, Run(directory.File("s.db"), "SELECT COUNT(*) FROM sqlite_master"));
    }

    [Fact]
    public async Task A_newer_schema_is_refused_with_what_to_do()
    {
        using var directory = new TemporaryDirectory();
        await using (var log = SessionLogs.At(directory.File("s.db")))
        {
            await log.Log.OpenAsync(CancellationToken.None);
        }

        Run(directory.File("s.db"), $"PRAGMA user_version = {SqliteSchema.Version + 1}");
        await using var newer = SessionLogs.At(directory.File("s.db"));
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => newer.Log.OpenAsync(CancellationToken.None));
        Assert.Equal(ErrorCode.FailedPrecondition, failure.Code);
        Assert.Contains("upgrade", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_opener_is_kept_out_until_the_first_has_closed()
    {
        using var directory = new TemporaryDirectory();
        await using var second = SessionLogs.At(directory.File("s.db"));
        await using (var first = SessionLogs.At(directory.File("s.db")))
        {
            await first.Log.OpenAsync(CancellationToken.None);
            var failure = await Assert.ThrowsAsync<OrleansLMException>(() => second.Log.OpenAsync(CancellationToken.None));
            Assert.Equal(ErrorCode.Unavailable, failure.Code);
        }

        await second.Log.OpenAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Damaged_tokens_are_found_when_they_are_read_and_other_sessions_are_not_touched()
    {
        using var directory = new TemporaryDirectory();
        await using (var log = SessionLogs.At(directory.File("s.db")))
        {
            await log.Log.OpenAsync(CancellationToken.None);
            await log.Log.CreateAsync(Session("a"), new[] { 1, 2, 3 }, [], int.MaxValue);
            await log.Log.CreateAsync(Session("b"), new[] { 4, 5 }, [], int.MaxValue);
        }

        Run(directory.File("s.db"), "UPDATE segments SET ids = zeroblob(length(ids)) WHERE session = 1");
        await using var damaged = SessionLogs.At(directory.File("s.db"));
        await damaged.Log.OpenAsync(CancellationToken.None);
        var a = (await damaged.Log.OpenSessionAsync("a"))!.Handle;
        var b = (await damaged.Log.OpenSessionAsync("b"))!.Handle;
        Assert.Equal(ErrorCode.DataLoss, (await Assert.ThrowsAsync<OrleansLMException>(() => damaged.Log.ReadTokensAsync(a, 0, 3))).Code);
        Assert.Equal([4, 5], (IEnumerable<int>)await damaged.Log.ReadTokensAsync(b, 0, 2));
    }

    [Fact]
    public async Task After_closing_every_write_is_refused()
    {
        using var directory = new TemporaryDirectory();
        await using var log = SessionLogs.At(directory.File("s.db"));
        await log.Log.OpenAsync(CancellationToken.None);
        await log.Log.DisposeAsync();
        var failure = await Assert.ThrowsAsync<OrleansLMException>(() => log.Log.CreateAsync(Session("a"), default, [], 1));
        Assert.Equal(ErrorCode.Unavailable, failure.Code);
    }

    private static SessionRecord Session(string id) => new() { SessionId = id, Model = "m", CreateTime = s_time, UpdateTime = s_time };

    private static object? Run(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
