using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>
/// One session; the key is its id. Every call but <see cref="CreateAsync"/> throws NotFound for a session that does not exist. Failures are
/// <see cref="Errors.OrleansLMException"/>.
/// </summary>
[Alias("orleanslm.ISessionGrain")]
public interface ISessionGrain : IGrainWithStringKey
{
    /// <summary>Opens the session, durably. AlreadyExists when the id is taken.</summary>
    [Alias("Create")]
    Task<SessionInfo> CreateAsync(CreateSession request, CancellationToken cancellationToken = default);

    [Alias("Get")]
    Task<SessionInfo> GetAsync(CancellationToken cancellationToken = default);

    /// <summary>Cancels what runs and removes the session from the log.</summary>
    [Alias("Delete")]
    Task DeleteAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Starts a turn and streams it (or joins the turn that the same idempotency key started). Disposing or cancelling the stream does not end the turn
    /// unless the command says so. Aborted with the other turn's id while another one runs.
    /// </summary>
    [Alias("RunTurn")]
    IAsyncEnumerable<TurnEvent> RunTurnAsync(TurnCommand command, CancellationToken cancellationToken = default);

    /// <summary>Streams a turn from an offset: what was missed, then live events. Takes up an interrupted turn again.</summary>
    [Alias("Resume")]
    IAsyncEnumerable<TurnEvent> ResumeAsync(ResumeStream request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Whether this activation has the open stream that its reader called so, and nothing to give from the offset on that the reader waits for (null: whatever
    /// it has). An activation that took over from a lost silo has no such stream; one whose reader asked through a lost silo has news that it was not asked for.
    /// So a reader that hears nothing learns of the loss long before its call times out.
    /// </summary>
    [Alias("HasStream")]
    Task<bool> HasStreamAsync(string streamId, int? awaited = null, CancellationToken cancellationToken = default);

    /// <summary>Ends the running turn, if it is the one meant (null: any); returns whether one was running.</summary>
    [Alias("Cancel")]
    Task<bool> CancelAsync(string? turnId, CancellationToken cancellationToken = default);

    /// <summary>Leaves this silo for the one at the address (null: the placement chooses). A turn that runs stops here with what it has, and goes on there when it is resumed.</summary>
    [Alias("Leave")]
    Task<LeaveReport> LeaveAsync(string? target, CancellationToken cancellationToken = default);

    /// <summary>Makes an interrupted turn go on; returns once it runs, with where.</summary>
    [Alias("Revive")]
    Task<ReviveReport> ReviveAsync(string? turnId, CancellationToken cancellationToken = default);

    /// <summary>Makes a new session from the first tokens of this one; allowed while a turn runs, for positions that are already part of the session.</summary>
    [Alias("Fork")]
    Task<SessionInfo> ForkAsync(ForkSession request, CancellationToken cancellationToken = default);

    /// <summary>Forgets tokens and the checkpoints beyond them. Aborted while a turn runs.</summary>
    [Alias("Rollback")]
    Task<SessionInfo> RollbackAsync(RollbackSession request, CancellationToken cancellationToken = default);

    /// <summary>Names a position (null: the end). AlreadyExists when the name is taken.</summary>
    [Alias("CreateCheckpoint")]
    Task<SessionInfo> CreateCheckpointAsync(string name, int? position, CancellationToken cancellationToken = default);

    [Alias("DeleteCheckpoint")]
    Task<SessionInfo> DeleteCheckpointAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Moves the state of an idle session from the engine to a snapshot. Aborted while a turn runs; ResourceExhausted when no snapshot can be written.</summary>
    [Alias("Sleep")]
    Task<SessionInfo> SleepAsync(CancellationToken cancellationToken = default);

    /// <summary>The session as an archive, in pieces of at most 2 MiB. Aborted while a turn runs.</summary>
    [Alias("Export")]
    IAsyncEnumerable<byte[]> ExportAsync(bool withState, CancellationToken cancellationToken = default);

    /// <summary>Takes the next piece of an archive; with the last one makes the session. Null before. AlreadyExists when there is such a session.</summary>
    [Alias("Import")]
    Task<SessionInfo?> ImportAsync(ArchiveChunk chunk, CancellationToken cancellationToken = default);

    /// <summary>Tokens [start, end) and their text; end 0 means the length.</summary>
    [Alias("GetHistory")]
    Task<SessionHistory> GetHistoryAsync(int start, int end, CancellationToken cancellationToken = default);
}
