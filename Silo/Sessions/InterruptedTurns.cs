using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>What the log still knows of turns that do not run: how they looked, how they go on, and how they are closed.</summary>
internal sealed partial class InterruptedTurns(SessionState state, SequenceSlot slot, SessionServices services)
{
    /// <summary>Tokens of the unfinished turn that are in the log.</summary>
    public int LoggedTokens(TurnRecord turn) => Math.Max(0, state.Session.Length - turn.GenerationStart);

    /// <summary>Tokens that go on have to be the ones that would have been.</summary>
    /// <exception cref="OrleansLMException">FailedPrecondition: other weights.</exception>
    public void CheckModel(TurnRecord turn, HostedModel model)
    {
        if (turn.Fingerprint != model.Engine.Description.Fingerprint)
        {
            throw new OrleansLMException(
                ErrorCode.FailedPrecondition,
                $"turn '{turn.TurnId}' began with other weights (fingerprint {turn.Fingerprint}, loaded {model.Engine.Description.Fingerprint}) and would not go on with the same tokens: cancel it to keep what is logged")
            {
                Reason = "MODEL_CHANGED",
                TurnId = turn.TurnId,
            };
        }

        if (turn.BackendKind != model.Engine.Description.BackendKind)
        {
            LogOtherBackend(services.Logger, state.Session.SessionId, turn.TurnId, turn.BackendKind, model.Engine.Description.BackendKind);
        }
    }

    /// <summary>The turn's events up to <paramref name="end"/>.</summary>
    public async Task<TurnReplay> ReplayAsync(TurnRecord turn, int end)
    {
        var model = services.Models.Get(state.Session.Model);
        var tokens = await slot.ReadTokensAsync(0, end);
        return await Task.Run(() => new TurnReplay(turn, model, tokens));
    }

    /// <summary>
    /// The events of a turn that has ended, in a buffer that is or gets complete.
    /// </summary>
    public async Task<TurnBuffer> ReplayEndedAsync(TurnRecord turn, TurnEnd end)
    {
        var replay = await ReplayAsync(turn, end.SessionLength);
        await ReplayScorer.PlayAsync(replay, end, slot, services.Models.Get(state.Session.Model));
        return replay.Buffer;
    }

    /// <summary>
    /// How the engine goes on. The sequence holds the prompt and what is logged, so that all of it can come from a snapshot, but for tokens whose log-probabilities are wanted (again):
    /// those are appended once more.
    /// </summary>
    public async Task<TurnRequest> RequestOfAsync(TurnReplay replay, int logged)
    {
        var turn = replay.Turn;
        var isAnew = ScoresPrompt(turn, logged);
        return new TurnRequest
        {
            Tokens = isAnew ? await services.Log.ReadTokensAsync(state.Handle, turn.StartPosition, turn.GenerationStart)
                : ScoresLogged(replay, logged) ? replay.Scored
                : ReadOnlyMemory<int>.Empty,
            GenerationStart = isAnew ? null : turn.GenerationStart,
            Sampling = turn.Parameters.Sampling,
            Stop = turn.Parameters.Stop,
            PromptLogProbs = isAnew ? turn.Parameters.PromptLogProbs : ScoresLogged(replay, logged) ? replay.Alternatives : null,
        };
    }

    /// <summary>Length of the sequence to which <see cref="RequestOfAsync"/> appends.</summary>
    public static int BaseOf(TurnReplay replay, int logged) =>
        ScoresPrompt(replay.Turn, logged) ? replay.Turn.StartPosition : ScoresLogged(replay, logged) ? replay.ScoreStart : replay.Turn.GenerationStart + logged;

    private static bool ScoresPrompt(TurnRecord turn, int logged) => logged == 0 && turn.Parameters.PromptLogProbs is not null;

    private static bool ScoresLogged(TurnReplay replay, int logged) => logged > 0 && replay.Alternatives is not null;

    /// <summary>Ends a turn with what it has in the log.</summary>
    public async Task<TurnEnd> CloseAsync(TurnRecord turn, int logged, TurnFinishReason reason)
    {
        var now = services.Now;
        var expiry = state.ExpiryAfter(now);
        var end = new TurnEnd
        {
            Reason = reason,
            PromptTokens = turn.PromptTokens,
            PrefilledTokens = 0,
            GeneratedTokens = logged,
            SessionLength = turn.GenerationStart + logged,
            QueueTime = TimeSpan.Zero,
            TimeToFirstToken = TimeSpan.Zero,
            TotalTime = now - turn.CreateTime,
        };
        await services.Log.EndTurnAsync(new TurnTail(state.Handle, turn.TurnId, end.SessionLength), end, now, expiry);
        state.End(turn, end, now, expiry);
        services.Metrics.TurnEnded(reason, logged);
        return end;
    }
}
