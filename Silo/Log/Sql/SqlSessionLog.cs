using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Diagnostics;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>The log in an SQL database. One thread writes (<see cref="GroupCommitter"/>); readers have connections of their own.</summary>
public abstract class SqlSessionLog(IOptions<SessionLogOptions> options, SiloMetrics metrics, ILogger logger) : ISessionLog
{
    private LogReader? _reader;
    private LogWriter? _writer;
    private GroupCommitter? _committer;
    private int _disposed;

    public int SessionCount => _writer?.LastSessionCount ?? 0;

    private protected SessionLogOptions Options => options.Value;

    private protected ILogger Logger => logger;

    private LogReader Reader => _reader ?? throw NotOpen();

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var database = await OpenDatabaseAsync(cancellationToken);
        _writer = new LogWriter(database);
        await Task.Run(_writer.Connect, cancellationToken);
        _reader = new LogReader(database, Options.OutageLimit);
        _committer = new GroupCommitter(_writer, database, Options, metrics, logger);
        SqlLogMessages.Opened(logger, database.Place, SessionCount, SchemaVersion);
    }

    public Task CreateAsync(SessionRecord session, ReadOnlyMemory<int> tokens, IReadOnlyList<CheckpointInfo> checkpoints, int maxSessions, IReadOnlyList<TurnRecord>? turns = null) =>
        WriteAsync(LogWriteUrgency.Durable, writes => SessionWrites.Create(writes, session, tokens.Span, checkpoints, turns ?? [], maxSessions));

    public async Task<StoredSession?> OpenSessionAsync(string sessionId, string owner = "")
    {
        var handle = await QueryAsync(LogWriteUrgency.Prompt, writes => SessionWrites.Claim(writes, sessionId, owner));
        return handle is null ? null : await Reader.SessionAsync(handle);
    }

    public Task<int[]> ReadTokensAsync(SessionHandle session, int start, int end) => Reader.TokensAsync(session, start, end);

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

    public async Task<IReadOnlyList<ListedSession>> ListAsync(SessionFilter filter, long beforeRow, int limit) => await Reader.ListAsync(filter, beforeRow, limit);

    public async Task<IReadOnlyList<string>> ListExpiredAsync(DateTimeOffset now, int limit) => await Reader.ExpiredAsync(now, limit);

    public async Task<IReadOnlyList<UnfinishedTurn>> ListUnfinishedTurnsAsync() => await Reader.UnfinishedAsync();

    public Task FlushAsync() => WriteAsync(LogWriteUrgency.Prompt, _ => { });

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await Task.Run(() => _committer?.Dispose());
            await CloseDatabaseAsync();
            GC.SuppressFinalize(this);
        }
    }

    private protected abstract int SchemaVersion { get; }

    /// <summary>Makes what is missing and checks what is there.</summary>
    private protected abstract Task<ILogDatabase> OpenDatabaseAsync(CancellationToken cancellationToken);

    private protected abstract ValueTask CloseDatabaseAsync();

    private Task<bool> WriteAsync(LogWriteUrgency urgency, Action<LogWriter> apply) => QueryAsync(urgency, writes =>
    {
        apply(writes);
        return true;
    });

    private Task<T> QueryAsync<T>(LogWriteUrgency urgency, Func<LogWriter, T> apply)
    {
        var write = new AwaitedWrite<T>(urgency, apply);
        Committer().Enqueue(write);
        return write.Task;
    }

    private GroupCommitter Committer() => _committer ?? throw NotOpen();

    private static OrleansLMException NotOpen() => new(ErrorCode.Unavailable, "the session log is not open yet") { RetryAfter = TimeSpan.FromSeconds(1) };
}
