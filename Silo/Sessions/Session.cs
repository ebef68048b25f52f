using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Text;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// A session in memory: its state as the log has it, its sequence in the engine, its running turn. Its owner lets in one operation at a time; only the
/// end of a turn comes in between.
/// </summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly SessionServices _services;

    private Session(StoredSession stored, SessionServices services)
    {
        _services = services;
        State = new SessionState(stored);
        Slot = new SequenceSlot(services.Log, stored.Handle);
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

    /// <summary>Loads the session from the log; null when there is none. Computes nothing and reads no tokens.</summary>
    public static async Task<Session?> OpenAsync(string sessionId, SessionServices services) =>
        await services.Log.OpenSessionAsync(sessionId, services.Owner) is { } stored ? new Session(stored, services) : null;

    public SessionInfo Info()
    {
        var session = State.Session;
        return SessionInfos.Of(session, State.Checkpoints) with { Length = Turns.Length, ComputedLength = Slot.Current?.ComputedLength ?? 0 };
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

    public async ValueTask DisposeAsync()
    {
        _services.Active.Remove(this);
        await Turns.InterruptAsync(new OrleansLMException(ErrorCode.Unavailable, "the silo is stopping") { RetryAfter = TimeSpan.FromSeconds(1) });
        await Slot.DisposeAsync();
        _services.Metrics.SessionDeactivated();
    }

    /// <summary>The text of the tokens from <paramref name="start"/> on, and of no byte before: only whether something visible stands before them counts.</summary>
    private static string TextOf(ModelTokenizer tokenizer, int[] tokens, int start)
    {
        var before = Array.FindIndex(tokens, 0, start, id => tokenizer.TextOf(id).Kind == TokenTextKind.Text);
        var text = new TurnText(tokenizer, [], before < 0 ? [] : [tokens[before]]);
        return string.Concat(tokens.Skip(start).Select(text.Push)) + text.Flush();
    }
}
