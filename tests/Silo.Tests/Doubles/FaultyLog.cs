using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Tests.Doubles;

/// <summary>A log whose writes fail while it is told so.</summary>
internal sealed class FaultyLog(ISessionLog log) : ISessionLog
{
    /// <summary>Names of methods that fail.</summary>
    public HashSet<string> Failing { get; } = [];

    /// <summary>When set, ends of turns wait for it, as if the disk were slow.</summary>
    public TaskCompletionSource? Holding { get; set; }

    public int SessionCount => log.SessionCount;

    public Task OpenAsync(CancellationToken cancellationToken) => log.OpenAsync(cancellationToken);

    public Task CreateAsync(SessionRecord session, ReadOnlyMemory<int> tokens, IReadOnlyList<CheckpointInfo> checkpoints, int maxSessions, IReadOnlyList<TurnRecord>? turns = null) =>
        Try(nameof(CreateAsync)) ?? log.CreateAsync(session, tokens, checkpoints, maxSessions, turns);

    public Task<StoredSession?> OpenSessionAsync(string sessionId, string owner = "") => log.OpenSessionAsync(sessionId, owner);

    public Task<int[]> ReadTokensAsync(SessionHandle session, int start, int end) => log.ReadTokensAsync(session, start, end);

    public Task BeginTurnAsync(SessionHandle session, TurnRecord turn, ReadOnlyMemory<int> prompt, DateTimeOffset? expireTime) =>
        Try(nameof(BeginTurnAsync)) ?? log.BeginTurnAsync(session, turn, prompt, expireTime);

    public void Schedule(TurnTail tail, bool urgent)
    {
        if (!Failing.Contains(nameof(Schedule)))
        {
            log.Schedule(tail, urgent);
        }
    }

    public async Task EndTurnAsync(TurnTail tail, TurnEnd end, DateTimeOffset time, DateTimeOffset? expireTime)
    {
        await (Holding?.Task ?? Task.CompletedTask);
        await (Try(nameof(EndTurnAsync)) ?? log.EndTurnAsync(tail, end, time, expireTime));
    }

    public Task AbandonTurnAsync(SessionHandle session, string turnId, string? lastTurnId) =>
        Try(nameof(AbandonTurnAsync)) ?? log.AbandonTurnAsync(session, turnId, lastTurnId);

    public Task RollbackAsync(SessionHandle session, int position, DateTimeOffset time) => Try(nameof(RollbackAsync)) ?? log.RollbackAsync(session, position, time);

    public Task AddCheckpointAsync(SessionHandle session, CheckpointInfo checkpoint) => Try(nameof(AddCheckpointAsync)) ?? log.AddCheckpointAsync(session, checkpoint);

    public Task RemoveCheckpointAsync(SessionHandle session, string name) => Try(nameof(RemoveCheckpointAsync)) ?? log.RemoveCheckpointAsync(session, name);

    public Task DeleteAsync(SessionHandle session) => Try(nameof(DeleteAsync)) ?? log.DeleteAsync(session);

    public Task<IReadOnlyList<ListedSession>> ListAsync(SessionFilter filter, long beforeRow, int limit) => log.ListAsync(filter, beforeRow, limit);

    public Task<IReadOnlyList<string>> ListExpiredAsync(DateTimeOffset now, int limit) => log.ListExpiredAsync(now, limit);

    public Task<IReadOnlyList<UnfinishedTurn>> ListUnfinishedTurnsAsync() => log.ListUnfinishedTurnsAsync();

    public Task FlushAsync() => log.FlushAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task? Try(string method) => Failing.Contains(method)
        ? Task.FromException(new OrleansLMException(ErrorCode.ResourceExhausted, "the disk is full") { Reason = "SESSION_LOG_FULL" })
        : null;
}
