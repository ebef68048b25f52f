using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Text;
using OrleansLM.Silo.Archives;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// A session in memory: its state as the log has it, its sequence in the engine, its running turn. Its owner lets in one operation at a time; only the
/// end of a turn comes in between.
/// </summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly SessionServices _services;
    private DateTimeOffset _sleepless = DateTimeOffset.MinValue;

    private Session(StoredSession stored, SessionServices services, Func<Task> spill)
    {
        _services = services;
        State = new SessionState(stored);
        Slot = new SequenceSlot(services.Log, stored.Handle, NewSleepingState(stored), spill);
        Turns = new SessionTurns(State, Slot, services);
        Edits = new SessionEdits(State, Slot, Turns, services);
        Slot.Adopt(services.Handover.Take(stored.Session.SessionId));
        services.Active.Add(this);
        services.Metrics.SessionActivated();
    }

    public SessionState State { get; }

    public SequenceSlot Slot { get; }

    public SessionTurns Turns { get; }

    public SessionEdits Edits { get; }

    public bool IsExpired => Turns.Running is null && State.Session.ExpireTime <= _services.Now;

    public bool IsIdleSince(DateTimeOffset time) => State.ActiveTurn is null && Slot.Current is { ComputedLength: > 0 } && State.Session.UpdateTime <= time && _sleepless <= time;

    /// <summary>Loads the session from the log; null when there is none. Computes nothing and reads no tokens.</summary>
    /// <param name="sessionId">Its name.</param>
    /// <param name="services">What sessions share.</param>
    /// <param name="spill">Called by the engine when it wants the memory of the session: puts it to sleep, at once or as soon as nothing else is done with it.</param>
    public static async Task<Session?> OpenAsync(string sessionId, SessionServices services, Func<Task> spill) =>
        await services.Log.OpenSessionAsync(sessionId, services.Owner) is { } stored ? new Session(stored, services, spill) : null;

    public SessionInfo Info()
    {
        var session = State.Session;
        return SessionInfos.Of(session, State.Checkpoints) with { Length = Turns.Length, ComputedLength = Slot.Current?.ComputedLength ?? 0, SnapshotLength = Slot.SnapshotLength };
    }

    public async Task<SessionHistory> HistoryAsync(int start, int end)
    {
        var length = Turns.Length;
        end = end == 0 ? length : end;
        if (start < 0 || start > end || end > length)
        {
            var field = end > length ? "end" : "start";
            throw new OrleansLMException(ErrorCode.OutOfRange, $"{field}: [{start}, {end}) is not a part of [0, {length})") { Field = field };
        }

        if (end - start > _services.Options.MaxHistoryTokens)
        {
            throw OrleansLMException.Invalid("end", $"[{start}, {end}) has {end - start} tokens; expected {_services.Options.MaxHistoryTokens} at most");
        }

        var tokenizer = _services.Models.Get(State.Session.Model).Engine.Tokenizer;
        var tokens = await Slot.ReadTokensAsync(0, end);
        return await Task.Run(() => new SessionHistory { Start = start, TokenIds = tokens[start..], Text = TextOf(tokenizer, tokens, start) });
    }

    /// <summary>The state goes to a snapshot and leaves the engine.</summary>
    /// <exception cref="OrleansLMException">Aborted: a turn runs; FailedPrecondition: snapshots are switched off; ResourceExhausted: none can be written.</exception>
    public async Task SleepAsync()
    {
        Turns.RequireNoTurn();
        try
        {
            await Slot.SleepAsync();
        }
        catch (OrleansLMException)
        {
            // Tried again as much later as a session lies idle before it sleeps.
            _sleepless = _services.Now;
            throw;
        }
    }

    /// <summary>What was computed goes to the store, as far as it is much, while the session goes on. Not one of the session's operations: those go on meanwhile.</summary>
    public async Task KeepUpAsync()
    {
        if (!State.IsStale && Slot is { Current: { } sequence, Sleeping: { } sleeping })
        {
            await sleeping.KeepUpAsync(sequence, _services.Models.Get(State.Session.Model));
        }
    }

    /// <summary>The session as it stands, for an archive.</summary>
    /// <exception cref="OrleansLMException">Aborted: a turn runs.</exception>
    public async Task<SessionExport> ExportAsync(bool withState)
    {
        Turns.RequireNoTurn();
        var session = State.Session;
        var model = _services.Models.Get(session.Model);
        var tokens = await Slot.ReadTokensAsync(0, session.Length);
        var header = new ArchiveHeader
        {
            SessionId = session.SessionId,
            Model = session.Model,
            Fingerprint = model.Engine.Description.Fingerprint,
            Length = tokens.Length,
            TokenBytes = 0,
            HasState = false,
            CreateTime = session.CreateTime,
            TimeToLive = session.TimeToLive,
            Tenant = session.Tenant,
            Metadata = new Dictionary<string, string>(session.Metadata),
            SamplingDefaults = session.SamplingDefaults,
            StopDefaults = session.StopDefaults,
            Checkpoints = [.. State.Checkpoints],
            Turns = [.. State.Turns],
        };
        return new SessionExport(header, tokens, withState ? await Slot.ExportAsync(model, tokens.Length) : null);
    }

    /// <summary>Before the session leaves memory: what is computed goes to a snapshot, if it can.</summary>
    public async Task SettleAsync()
    {
        await Turns.InterruptAsync(Stopping());
        await Slot.SettleAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _services.Active.Remove(this);
        await Turns.InterruptAsync(Stopping());
        await Slot.DisposeAsync();
        await (Slot.Sleeping?.DisposeAsync() ?? default);
        _services.Metrics.SessionDeactivated();
    }

    private SleepingState? NewSleepingState(StoredSession stored) =>
        _services.Snapshots is { } snapshots ? new SleepingState(snapshots, State, _services.Metrics) : null;

    private static OrleansLMException Stopping() => new(ErrorCode.Unavailable, "the silo is stopping") { RetryAfter = TimeSpan.FromSeconds(1) };

    /// <summary>The text of the tokens from <paramref name="start"/> on, and of no byte before: only whether something visible stands before them counts.</summary>
    private static string TextOf(ModelTokenizer tokenizer, int[] tokens, int start)
    {
        var before = Array.FindIndex(tokens, 0, start, id => tokenizer.TextOf(id).Kind == TokenTextKind.Text);
        var text = new TurnText(tokenizer, [], before < 0 ? [] : [tokens[before]]);
        return string.Concat(tokens.Skip(start).Select(text.Push)) + text.Flush();
    }
}
