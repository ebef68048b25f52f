using OrleansLM.Contracts;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>Begins turns, joins readers to them, and takes up those that were interrupted. Its caller lets in one operation at a time.</summary>
internal sealed partial class SessionTurns(SessionState state, SequenceSlot slot, SessionServices services)
{
    private readonly InterruptedTurns _interrupted = new(state, slot, services);
    private TurnRunner? _running;
    private TurnBuffer? _last;

    public TurnRunner? Running => Volatile.Read(ref _running);

    /// <summary>Tokens that are part of the session: those of ended turns, and what the running one has generated, with its prompt.</summary>
    public int Length =>
        Running is { Buffer: var buffer } && buffer.TokenCount is > 0 and var count ? Math.Max(state.Session.Length, buffer.Turn.GenerationStart + count) : state.Session.Length;

    public async Task<TurnReader> StartAsync(TurnCommand command)
    {
        var hash = CommandHash.Of(command);
        if (hash is not null && state.FindByKey(command.IdempotencyKey!, hash) is { } known)
        {
            return await JoinAsync(known, fromOffset: 0);
        }

        RequireNoTurn();
        var model = services.Models.Get(state.Session.Model);
        var lastToken = await LastTokenAsync();
        var plan = await Task.Run(() => TurnPlanner.Plan(command, state.Session, lastToken, model, services.Options));
        await RequireBestPlaceAsync(model, plan.Prompt);
        var turn = RecordOf(command, hash, model, plan);
        var (engineTurn, _) = await SubmitAsync(model, turn.StartPosition, new TurnRequest
        {
            Tokens = plan.Prompt,
            Sampling = plan.Parameters.Sampling,
            Stop = plan.Parameters.Stop,
            PromptLogProbs = plan.Parameters.PromptLogProbs,
        });

        // step 3: the engine has begun, but nothing of the turn goes out before it is durable.
        await BeginAsync(turn, plan.Prompt, engineTurn);
        var buffer = new TurnBuffer(turn, model);
        Run(buffer, engineTurn, new TurnTail(state.Handle, turn.TurnId, turn.GenerationStart));
        return new TurnReader(buffer, fromOffset: 0, resumed: false);
    }

    public Task<TurnReader> ResumeAsync(ResumeStream request) => JoinAsync(state.GetTurn(request.TurnId), request.FromOffset);

    /// <summary>Takes the turn up if it was interrupted; a reader of what comes from now on, or null when there is no such turn that could go on.</summary>
    public async Task<TurnReader?> ReviveAsync(string? turnId) =>
        state.ActiveTurn is { } active && (turnId is null || turnId == active.TurnId) ? await JoinAsync(active, Math.Max(Length, active.GenerationStart)) : null;

    /// <summary>Ends the active turn if it is the one meant: one that runs stops, of one that was interrupted the log's part is kept.</summary>
    public async Task<bool> CancelAsync(string? turnId)
    {
        if (state.ActiveTurn is not { } active || (!string.IsNullOrEmpty(turnId) && turnId != active.TurnId))
        {
            return false;
        }

        if (Running is { } running)
        {
            running.Cancel();
        }
        else
        {
            await _interrupted.CloseAsync(active, _interrupted.LoggedTokens(active), TurnFinishReason.Cancelled);
        }

        return true;
    }

    /// <summary>Stops what runs without ending it, and waits until it has stopped.</summary>
    public async Task InterruptAsync(OrleansLMException reason)
    {
        if (Running is { } running)
        {
            running.Interrupt(reason);
            await running.Completion;
        }
    }

    /// <summary>Ends what runs and waits for its end.</summary>
    public async Task CancelAndWaitAsync()
    {
        if (Running is { } running)
        {
            running.Cancel();
            await running.Completion;
        }
    }

    /// <exception cref="OrleansLMException">Aborted: a turn runs or was interrupted.</exception>
    public void RequireNoTurn()
    {
        if (state.ActiveTurn is { } active)
        {
            var what = Running is null ? "was interrupted: resume or cancel it" : "runs: wait for its end, or cancel it";
            throw new OrleansLMException(ErrorCode.Aborted, $"turn '{active.TurnId}' of session '{state.Session.SessionId}' {what}")
            {
                Reason = "TURN_IN_PROGRESS",
                TurnId = active.TurnId,
            };
        }
    }

    /// <exception cref="BetterElsewhereException">It is not this silo.</exception>
    private async Task RequireBestPlaceAsync(HostedModel model, int[] prompt)
    {
        if (state.Session.Length == 0 && services.Affinity is { } affinity && await Task.Run(() => affinity.Choose(model, prompt)) is { } better)
        {
            services.Metrics.SessionRedirected();
            throw new BetterElsewhereException(better);
        }
    }

    private async Task<int?> LastTokenAsync() =>
        state.Session.Length is > 0 and var length ? (await slot.ReadTokensAsync(length - 1, length))[0] : null;

    private TurnRecord RecordOf(TurnCommand command, byte[]? hash, HostedModel model, TurnPlan plan) => new()
    {
        TurnId = SessionNames.NewId("turn", services.Time),
        StartPosition = state.Session.Length,
        PromptTokens = plan.Prompt.Length,
        Parameters = plan.Parameters,
        Fingerprint = model.Engine.Description.Fingerprint,
        BackendKind = model.Engine.Description.BackendKind,
        IdempotencyKey = hash is null ? null : command.IdempotencyKey,
        CommandHash = hash,
        CreateTime = services.Now,
    };

    /// <returns>The turn, and how many tokens were computed when it was submitted.</returns>
    private async Task<(IEngineTurn Turn, int Computed)> SubmitAsync(HostedModel model, int length, TurnRequest request)
    {
        try
        {
            var sequence = await slot.GetAsync(model, length);
            var computed = sequence.ComputedLength;
            return (sequence.Submit(request with { AllowSynchronousContinuations = true }), computed);
        }
        catch (EngineException failure)
        {
            throw EngineErrors.Translate(failure);
        }
    }

    /// <summary>Makes the turn durable while the engine has already begun. Until then nothing of it goes out.</summary>
    private async Task BeginAsync(TurnRecord turn, int[] prompt, IEngineTurn engineTurn)
    {
        var expiry = state.ExpiryAfter(turn.CreateTime);
        try
        {
            await services.Log.BeginTurnAsync(state.Handle, turn, prompt, expiry);
        }
        catch
        {
            engineTurn.Cancel();
            await slot.DisposeAsync();
            throw;
        }

        state.Begin(turn, expiry);
        services.Metrics.TurnStarted(turn.PromptTokens);
    }

    private void Run(TurnBuffer buffer, IEngineTurn engineTurn, TurnTail tail, TurnReplay? replay = null)
    {
        var runner = new TurnRunner(buffer, engineTurn, tail, state, services) { Replay = replay };
        (_running, _last) = (runner, buffer);
        tail.Fenced = runner.Interrupt;
        runner.Start(() => Interlocked.CompareExchange(ref _running, null, runner));
    }

    private async Task<TurnReader> JoinAsync(TurnRecord turn, int fromOffset)
    {
        if (_last is { } buffer && buffer.Turn.TurnId == turn.TurnId && turn.State != TurnState.RolledBack)
        {
            return new TurnReader(buffer, fromOffset, resumed: true);
        }

        return turn.State switch
        {
            TurnState.Active => await TakeUpAsync(turn, fromOffset),
            TurnState.Ended => new TurnReader(await _interrupted.ReplayEndedAsync(turn, turn.End!), fromOffset, resumed: true),
            _ => throw new OrleansLMException(ErrorCode.FailedPrecondition, $"turn '{turn.TurnId}' was rolled back, in part or as a whole")
            {
                Reason = "TURN_ROLLED_BACK",
                TurnId = turn.TurnId,
            },
        };
    }

    /// <summary>
    /// Goes on with an interrupted turn. Its tokens in the log are given out as they were; those that were delivered but not logged are sampled again,
    /// which gives the same ones.
    /// </summary>
    private async Task<TurnReader> TakeUpAsync(TurnRecord turn, int fromOffset)
    {
        var model = services.Models.Get(state.Session.Model);
        _interrupted.CheckModel(turn, model);
        var logged = _interrupted.LoggedTokens(turn);
        var replay = await _interrupted.ReplayAsync(turn, turn.GenerationStart + logged);

        // Refuses an offset that cannot be before anything is started.
        var reader = new TurnReader(replay.Buffer, fromOffset, resumed: true);
        if (replay.Finish != TurnFinishReason.None)
        {
            var end = await _interrupted.CloseAsync(turn, logged, replay.Finish);
            await ReplayScorer.PlayAsync(replay, end, slot, model);
            return reader;
        }

        var request = await _interrupted.RequestOfAsync(replay, logged);
        var (engineTurn, computed) = await SubmitAsync(model, InterruptedTurns.BaseOf(replay, logged), request);
        var again = Math.Max(0, InterruptedTurns.BaseOf(replay, logged) + request.Tokens.Length - computed);
        services.Metrics.TurnResumed(again);
        LogTakenUp(services.Logger, state.Session.SessionId, turn.TurnId, logged, computed, again);
        Run(replay.Buffer, engineTurn, new TurnTail(state.Handle, turn.TurnId, turn.GenerationStart + logged), replay);
        return reader;
    }
}
