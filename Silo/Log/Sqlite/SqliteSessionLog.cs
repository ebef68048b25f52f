using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Diagnostics;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>
/// The log in one SQLite file with a write-ahead log. One thread writes (<see cref="GroupCommitter"/>); readers have connections of their own. A lock
/// file keeps a second process out, and vanishes with the process that holds it.
/// </summary>
public sealed class SqliteSessionLog(IOptions<SessionLogOptions> options, SiloMetrics metrics, ILogger<SqliteSessionLog> logger) : ISessionLog
{
    private readonly SessionLogOptions _options = options.Value;
    private FileStream? _lock;
    private SqliteReads? _reads;
    private SqliteWrites? _writes;
    private GroupCommitter? _committer;
    private int _disposed;

    public int SessionCount => _writes?.SessionCount ?? 0;

    private SqliteReads Reads => _reads ?? throw NotOpen();

    public Task OpenAsync(CancellationToken cancellationToken) => Task.Run(Open, cancellationToken);

    public Task CreateAsync(SessionRecord session, ReadOnlyMemory<int> tokens, IReadOnlyList<CheckpointInfo> checkpoints, int maxSessions) =>
        WriteAsync(LogWriteUrgency.Durable, writes => SessionWrites.Create(writes, session, tokens.Span, checkpoints, maxSessions));

    public async Task<StoredSession?> OpenSessionAsync(string sessionId)
    {
        var handle = await QueryAsync(LogWriteUrgency.Prompt, writes => SessionWrites.Claim(writes, sessionId));
        return handle is null ? null : await Task.Run(() => Reads.Session(handle));
    }

    public Task<int[]> ReadTokensAsync(SessionHandle session, int start, int end) => Task.Run(() => Reads.Tokens(session, start, end));

    public Task BeginTurnAsync(SessionHandle session, TurnRecord turn, ReadOnlyMemory<int> prompt, DateTimeOffset? expireTime) =>
        WriteAsync(LogWriteUrgency.Durable, writes => TurnWrites.Begin(writes, session, turn, prompt.Span, expireTime));

    public void Schedule(TurnTail tail, bool urgent)
    {
        if (tail.TrySchedule() || urgent)
        {
            Committer().Enqueue(new TailWrite(urgent ? LogWriteUrgency.Prompt : LogWriteUrgency.Lazy, tail, logger));
        }
    }

    public Task EndTurnAsync(TurnTail tail, TurnEnd end, DateTimeOffset time, DateTimeOffset? expireTime)
    {
        var write = new EndTurnWrite(tail, end, time, expireTime);
        Committer().Enqueue(write);
        return write.Task;
    }

    public Task AbandonTurnAsync(SessionHandle session, string turnId, string? lastTurnId) =>
        WriteAsync(LogWriteUrgency.Prompt, writes => TurnWrites.Abandon(writes, session, turnId, lastTurnId));

    public Task RollbackAsync(SessionHandle session, int position, DateTimeOffset time) =>
        WriteAsync(LogWriteUrgency.Durable, writes => SessionWrites.Rollback(writes, session, position, time));

    public Task AddCheckpointAsync(SessionHandle session, CheckpointInfo checkpoint) =>
        WriteAsync(LogWriteUrgency.Durable, writes => SessionWrites.AddCheckpoint(writes, session, checkpoint));

    public Task RemoveCheckpointAsync(SessionHandle session, string name) =>
        WriteAsync(LogWriteUrgency.Durable, writes => SessionWrites.RemoveCheckpoint(writes, session, name));

    public Task DeleteAsync(SessionHandle session) => WriteAsync(LogWriteUrgency.Durable, writes => SessionWrites.Delete(writes, session));

    public async Task<IReadOnlyList<ListedSession>> ListAsync(SessionFilter filter, long beforeRow, int limit) =>
        await Task.Run(() => Reads.List(filter, beforeRow, limit));

    public async Task<IReadOnlyList<string>> ListExpiredAsync(DateTimeOffset now, int limit) => await Task.Run(() => Reads.Expired(now, limit));

    public async Task<IReadOnlyList<UnfinishedTurn>> ListUnfinishedTurnsAsync() => await Task.Run(() => Reads.Unfinished());

    public Task FlushAsync() => WriteAsync(LogWriteUrgency.Prompt, _ => { });

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await Task.Run(() => _committer?.Dispose());
        _reads?.Dispose();
        _lock?.Dispose();
    }

    private void Open()
    {
        var path = Path.GetFullPath(_options.Path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _lock = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            OpenDatabase(path);
        }
        catch (SqliteException failure)
        {
            _lock?.Dispose();
            throw SqliteErrors.Translate(failure, path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OrleansLMException(ErrorCode.Unavailable, $"the session log {path} cannot be opened, or another process has it open: {failure.Message}")
            {
                Reason = "SESSION_LOG_UNAVAILABLE",
            };
        }
        catch (OrleansLMException)
        {
            _lock?.Dispose();
            throw;
        }
    }

    private void OpenDatabase(string path)
    {
        var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 };
        var connection = new SqliteConnection(text.ConnectionString);
        try
        {
            connection.Open();
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
            SqliteSchema.Upgrade(connection);
            LimitSize(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        _writes = new SqliteWrites(connection);
        _writes.CountSessions();
        text.Pooling = true;
        _reads = new SqliteReads(text.ConnectionString, path);
        _committer = new GroupCommitter(_writes, path, _options.GroupInterval, metrics, logger);
        SqliteLogMessages.Opened(logger, path, SessionCount, SqliteSchema.Version);
    }

    private void LimitSize(SqliteConnection connection)
    {
        if (_options.MaxBytes > 0)
        {
            using var size = connection.Prepare("PRAGMA page_size");
            connection.Execute($"PRAGMA max_page_count = {Math.Max(1, _options.MaxBytes / (long)size.ExecuteScalar()!)}");
        }
    }

    private Task<bool> WriteAsync(LogWriteUrgency urgency, Action<SqliteWrites> apply) => QueryAsync(urgency, writes =>
    {
        apply(writes);
        return true;
    });

    private Task<T> QueryAsync<T>(LogWriteUrgency urgency, Func<SqliteWrites, T> apply)
    {
        var write = new AwaitedWrite<T>(urgency, apply);
        Committer().Enqueue(write);
        return write.Task;
    }

    private GroupCommitter Committer() => _committer ?? throw NotOpen();

    private static OrleansLMException NotOpen() => new(ErrorCode.Unavailable, "the session log is not open yet") { RetryAfter = TimeSpan.FromSeconds(1) };
}
