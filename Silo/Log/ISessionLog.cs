using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log;

/// <summary>
/// Where sessions live: an append-only record of prompts, parameters and sampled tokens from which everything else can be rebuilt. Thread-safe.
/// Tasks of writes end when the write is committed; those marked durable, when it would survive a power cut. Writes name the epoch under which the
/// session was opened and are refused (Aborted, <c>SESSION_MOVED</c>) once somebody else opened it. Failures are
/// <see cref="Contracts.Errors.OrleansLMException"/>: ResourceExhausted when the disk is full, Unavailable when it cannot be reached, DataLoss when it is
/// damaged; a write that failed has changed nothing. A log that is away for a while is waited for.
/// </summary>
public interface ISessionLog : IAsyncDisposable
{
    /// <summary>Opens or makes the log. Costs the same for one session as for a hundred thousand.</summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Sessions in the log, as far as this process knows.</summary>
    int SessionCount { get; }

    /// <summary>Adds a session that begins with <paramref name="tokens"/> and, where it was elsewhere before, with the <paramref name="turns"/> that made them. Durable. AlreadyExists; ResourceExhausted at <paramref name="maxSessions"/>.</summary>
    Task CreateAsync(SessionRecord session, ReadOnlyMemory<int> tokens, IReadOnlyList<CheckpointInfo> checkpoints, int maxSessions, IReadOnlyList<TurnRecord>? turns = null);

    /// <summary>Takes a session over for a silo: from now on only writes with the returned handle pass. Null when there is none.</summary>
    Task<StoredSession?> OpenSessionAsync(string sessionId, string owner = "");

    /// <summary>Tokens [start, end) of a session, those of an unfinished turn included.</summary>
    Task<int[]> ReadTokensAsync(SessionHandle session, int start, int end);

    /// <summary>Records a turn and its prompt. Durable.</summary>
    Task BeginTurnAsync(SessionHandle session, TurnRecord turn, ReadOnlyMemory<int> prompt, DateTimeOffset? expireTime);

    /// <summary>Asks that the tail's pending tokens be written with the next group, at the latest after the group interval. Returns at once.</summary>
    void Schedule(TurnTail tail, bool urgent);

    /// <summary>Ends a turn with its last tokens. Durable.</summary>
    Task EndTurnAsync(TurnTail tail, TurnEnd end, DateTimeOffset time, DateTimeOffset? expireTime);

    /// <summary>Removes a turn that failed, with its tokens. <paramref name="lastTurnId"/> is the latest one again.</summary>
    Task AbandonTurnAsync(SessionHandle session, string turnId, string? lastTurnId);

    /// <summary>Forgets tokens and checkpoints from <paramref name="position"/> on, and marks turns that lose tokens as rolled back. Durable.</summary>
    Task RollbackAsync(SessionHandle session, int position, DateTimeOffset time);

    /// <summary>Durable.</summary>
    Task AddCheckpointAsync(SessionHandle session, CheckpointInfo checkpoint);

    /// <summary>Durable.</summary>
    Task RemoveCheckpointAsync(SessionHandle session, string name);

    /// <summary>Removes the session and all that belongs to it. Durable.</summary>
    Task DeleteAsync(SessionHandle session);

    /// <summary>Sessions, newest first, after (that is, older than) the one with row <paramref name="beforeRow"/>.</summary>
    Task<IReadOnlyList<ListedSession>> ListAsync(SessionFilter filter, long beforeRow, int limit);

    /// <summary>Ids of sessions whose time was up at <paramref name="now"/>, the longest overdue first.</summary>
    Task<IReadOnlyList<string>> ListExpiredAsync(DateTimeOffset now, int limit);

    /// <summary>Turns that were begun and not ended.</summary>
    Task<IReadOnlyList<UnfinishedTurn>> ListUnfinishedTurnsAsync();

    /// <summary>Waits until all that was scheduled before is written.</summary>
    Task FlushAsync();
}
