using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// The life of an engine, one round at a time: carry out what other threads asked, hand out what finished steps produced, ask the scheduler until it answers
/// with a step, begin it. Where the stages run on this thread a step is finished when it has begun; elsewhere several are under way, or the next one is begun before the tokens
/// that it takes are known here. One thread calls <see cref="RunOnce"/>; <see cref="Submit"/>, <see cref="Ask"/> and <see cref="NewSequence"/> are for any.
/// </summary>
internal sealed class EngineLoop : IDisposable
{
    /// <summary>Room made for tokens when a turn begins; a turn that generates more grows it by doubling.</summary>
    private const int EagerTokens = 4096;

    private readonly EngineParts _parts;
    private readonly TurnTable _turns = new();
    private readonly StateLedger _ledger;
    private readonly TurnAdmission _admission;
    private readonly TurnEnding _ending;
    private readonly StepPlanner _planner;
    private readonly StepLine _line;
    private readonly StageWatch _watch;
    private readonly StateReturns _returns;
    private readonly PrefixCache _prefixes;
    private readonly EngineInstruments _instruments;

    public EngineLoop(EngineParts parts, EngineInstruments instruments, EngineCounters counters)
    {
        var limits = parts.Limits;
        _parts = parts;
        _instruments = instruments;
        Counters = counters;
        Rules = new TurnRules(parts.Config);
        _ledger = new StateLedger(parts.Pool, parts.Config, parts.Options, new StateSaves(parts, Commands, instruments));
        _admission = new TurnAdmission(parts, limits, counters);
        _ending = new TurnEnding(parts, _turns, _ledger, _admission.Retry, counters, instruments);
        _prefixes = new PrefixCache(parts, counters, instruments);
        _planner = new StepPlanner(parts, limits, _turns, _ledger, _admission, _ending, _prefixes, counters, instruments);
        StateRules = new StateRules(parts.Identity);
        Carriage = new StateCarriage(parts, _ledger, Commands, instruments);
        Transfers = new StateTransfers(parts, _ledger, _planner, _prefixes, Carriage, PublishLoad);
        _line = new StepLine(parts, instruments, counters);
        _returns = new StateReturns(parts.Chain, _turns, Commands, PrepareState, instruments);
        _watch = new StageWatch(parts.Chain, _turns, _ledger, _returns, _ending, Carriage);
        parts.Chain.Attach(Commands.Wake);
    }

    public CommandQueue Commands { get; } = new();

    public EngineCounters Counters { get; }

    public int PageTokens => _parts.Options.PageTokens;

    public TurnRules Rules { get; }

    public StateRules StateRules { get; }

    public StateTransfers Transfers { get; }

    public StateCarriage Carriage { get; }

    /// <summary>Any thread.</summary>
    /// <exception cref="EngineException">Unavailable: the engine has stopped.</exception>
    public void Ask(Action command)
    {
        if (!Commands.TryPost(() => BetweenSteps(command)))
        {
            throw Stopped();
        }
    }

    /// <summary>Any thread: what a command that may take longer than its call comes to.</summary>
    /// <exception cref="EngineException">Unavailable: the engine has stopped.</exception>
    public Task<T> AskAsync<T>(Func<Task<T>> command)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Ask(async () =>
        {
            try
            {
                done.SetResult(await command().ConfigureAwait(false));
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        return done.Task;
    }

    /// <summary>Any thread.</summary>
    public EngineSequence NewSequence(ReadOnlySpan<int> tokens)
    {
        Rules.CheckTokens(tokens, "tokens");
        _admission.RequireSequence(tokens.Length);
        var sequence = new EngineSequence(this, Counters.NextSequence(), tokens, _ledger.NewState());
        Ask(() => _ledger.MakeIdle(sequence));
        return sequence;
    }

    /// <summary>Any thread that has claimed the sequence.</summary>
    public EngineTurn Submit(EngineSequence sequence, TurnRequest request, SamplingPlan plan)
    {
        var length = sequence.Length;
        _admission.Enter(length, request);
        var turn = new EngineTurn(this, sequence, request, plan, length, Counters.NextTurn(), _parts.Options.OutputBuffer, new TurnClock(_parts.Time))
        {
            Activity = _instruments.StartTurn(sequence.Id, request.Tokens.Length),
        };
        sequence.Tokens.Append(request.Tokens.Span, Math.Min(request.Stop.MaxNewTokens, EagerTokens));
        if (Commands.TryPost(() => Start(turn)))
        {
            return turn;
        }

        sequence.Tokens.Truncate(length);
        Counters.TurnClosed();
        throw Stopped();
    }

    /// <summary>One round.</summary>
    /// <returns>False when there was nothing to do: wait for a command.</returns>
    public bool RunOnce()
    {
        Commands.Drain();
        if (_watch.LookForLoss())
        {
            _line.Forget();
        }

        Carriage.Advance(!_line.IsEmpty);
        _returns.Look();
        var any = _parts.Chain.Depth > 1 && CompleteSteps();
        any |= BeginSteps();
        any |= CompleteSteps();
        return any;
    }

    /// <summary>Fails what is open and takes no more.</summary>
    /// <param name="defect">Why, when it is not that somebody asked for it.</param>
    public void Shutdown(Exception? defect)
    {
        Commands.Close();
        Commands.Drain();
        _ledger.Saves.Stop();
        Carriage.End();
        var error = defect is null ? Stopped() : new EngineException(EngineError.Unavailable, $"the engine has stopped: {defect.Message}", defect);
        while (_turns.Running.Count + _turns.Waiting.Count > 0)
        {
            _ending.Fail(_turns.Running.Count > 0 ? _turns.Running[^1] : _turns.Waiting[^1], error);
        }
    }

    public void Dispose() => Commands.Dispose();

    /// <summary>Engine's thread.</summary>
    public void Cancel(EngineTurn turn)
    {
        CompleteAll();
        if (!turn.Ended)
        {
            _ending.Finish(turn, FinishReason.Cancelled);
        }
    }

    /// <summary>Engine's thread.</summary>
    public void Fork(EngineSequence source, int position, TaskCompletionSource<EngineSequence> done)
    {
        if (source.IsDisposed || position > source.Length)
        {
            done.TrySetException(new EngineException(EngineError.InvalidArgument, $"{source.Id} was disposed or cut below {position} tokens") { Field = "position" });
            return;
        }

        var state = source.State.Fork(Math.Min(position, source.State.ComputedLength));
        var fork = new EngineSequence(this, Counters.NextSequence(), source.Tokens.Copy(0, position), state) { LastStep = source.LastStep };
        _ledger.MakeIdle(fork);
        if (!done.TrySetResult(fork))
        {
            Close(fork, new TaskCompletionSource());
        }
    }

    /// <summary>Engine's thread: a sequence that holds the state of another as it is now.</summary>
    public EngineSequence Hold(EngineSequence source, bool wholePagesOnly)
    {
        var state = Transfers.Hold(source, wholePagesOnly);
        var held = new EngineSequence(this, Counters.NextSequence(), source.Tokens.Copy(0, state.ComputedLength), state) { LastStep = source.LastStep, HeldOf = source };
        _ledger.MakeIdle(held);
        return held;
    }

    /// <summary>Engine's thread; the caller has claimed the sequence.</summary>
    public void Truncate(EngineSequence sequence, int position, TaskCompletionSource done)
    {
        sequence.State.Truncate(Math.Min(position, sequence.State.ComputedLength));
        sequence.Tokens.Truncate(position);
        sequence.Keys.Truncate(position);
        Publish(sequence);
        done.TrySetResult();
    }

    /// <summary>Engine's thread.</summary>
    public void Close(EngineSequence sequence, TaskCompletionSource done)
    {
        if (sequence.Turn is { } turn)
        {
            _ending.Fail(turn, new EngineException(EngineError.Unavailable, $"{sequence.Id} was disposed while its turn ran"));
        }

        _ledger.MakeBusy(sequence);
        sequence.State.Release();
        Counters.SequenceClosed();
        Publish(sequence);
        done.TrySetResult();
    }

    private void Start(EngineTurn turn)
    {
        var sequence = turn.Sequence;
        sequence.Turn = turn;
        _ledger.MakeBusy(sequence);
        _turns.AddWaiting(turn);
        if (sequence.IsDisposed)
        {
            _ending.Fail(turn, new EngineException(EngineError.Unavailable, $"{sequence.Id} was disposed"));
            return;
        }

        try
        {
            turn.Generation = new Generation(_parts, turn);
        }
        catch (Exception error)
        {
            _ending.Fail(turn, new EngineException(EngineError.Internal, $"the turn of {sequence.Id} could not begin: {error.Message}", error));
            return;
        }

        PrepareState(turn);
        FinishIfDone(turn);
    }

    private void FinishIfDone(EngineTurn turn)
    {
        var generation = turn.Generation;
        if (generation.Reason == FinishReason.None)
        {
            return;
        }

        // A turn that went on after a failure may find that it had ended already; there is nothing to compute then.
        var wasOver = generation.Count > 0 && !turn.Scores;
        if (wasOver || (turn.UnderWay == 0 && turn.Sequence.State.ComputedLength >= turn.Target))
        {
            _ending.Finish(turn, generation.Reason);
        }
    }

    private void PrepareState(EngineTurn turn)
    {
        var state = turn.Sequence.State;
        if (state.ComputedLength > turn.UsableLength)
        {
            state.Truncate(turn.UsableLength);
        }

        if (_parts.Pool.KeepsPrefixes)
        {
            turn.Sequence.Keys.Reserve(turn.PromptEnd + Math.Min(turn.Request.Stop.MaxNewTokens, EagerTokens));
        }

        turn.BeginPrefill();
        turn.Sequence.PublishComputed();
    }

    /// <summary>As many as there is room for. What is known goes first: what follows would only stand in its way on the stages.</summary>
    private bool BeginSteps()
    {
        var any = false;
        while (!Carriage.HoldsSteps && (BeginStep() || BeginFollowing()))
        {
            any = true;
        }

        return any;
    }

    private bool BeginStep()
    {
        var begins = _line.HasRoom && _planner.Next() && _line.Takes(_planner.Plan);
        PublishLoad();
        if (begins)
        {
            Begin();
        }

        return begins;
    }

    /// <summary>Begins a step before those that choose its tokens are done, so that no device waits for this thread. What follows a token that ends its turn is nobody's.</summary>
    private bool BeginFollowing()
    {
        if (!_line.CanFollow || !_planner.NextToFollow())
        {
            return false;
        }

        Begin();
        _planner.SettleAhead();
        return true;
    }

    private void Begin()
    {
        if (_line.Begin(_planner.Plan, _turns) is { } failed)
        {
            Settle(failed);
        }
    }

    /// <summary>Of a chain that waits for its steps, the oldest; else all that are done.</summary>
    private bool CompleteSteps()
    {
        var any = false;
        while (_line.TryComplete() is { } step)
        {
            Settle(step);
            any = true;
            if (_parts.Chain.Depth == 1)
            {
                break;
            }
        }

        return any;
    }

    /// <summary>Carries out what looks at states or changes them: none of them is ahead of its tokens then.</summary>
    private void BetweenSteps(Action command)
    {
        CompleteAll();
        command();
    }

    private void CompleteAll()
    {
        while (_parts.Chain.Depth == 1 && CompleteSteps())
        {
        }
    }

    /// <summary>A step is over, well or not.</summary>
    private void Settle(PendingStep step)
    {
        switch (_line.Error)
        {
            case null:
                break;
            case StageLostException:
                _watch.ForgetAll();
                _line.Forget();
                break;
            case var error:
                Isolate(step, error);
                break;
        }

        _line.Return(step);
        AfterStep(step);
    }

    /// <summary>
    /// The stages failed, for a reason that is nobody's or one turn's. A turn that was alone has failed, and the newest one where a device had not the memory for all. The others
    /// lose their state, which may be half written, and come to this point again one by one. What later steps computed on, and forks took over, is no better: it goes too.
    /// </summary>
    private void Isolate(PendingStep step, Exception error)
    {
        var isFull = error is OutOfMemoryException;
        if ((isFull || step.Entries.Count == 1) && Newest(step) is { } failed)
        {
            var kind = isFull ? EngineError.ResourceExhausted : EngineError.Internal;
            failed.Error ??= new EngineException(kind, $"the step of {failed.Sequence.Id} failed: {error.Message}", error) { RetryAfter = isFull ? _admission.Retry.After(0, 1) : null };
        }

        foreach (var entry in step.Entries)
        {
            entry.Turn.SuspectUntil = entry.IsCurrent ? entry.End : entry.Turn.SuspectUntil;
        }

        _watch.ForgetSince(step.Number);
    }

    private static EngineTurn? Newest(PendingStep step) => step.Entries.Where(entry => entry.IsCurrent).Select(entry => entry.Turn).MaxBy(turn => turn.Arrival);

    private void AfterStep(PendingStep step)
    {
        foreach (var entry in step.Entries)
        {
            if (!entry.Turn.Ended)
            {
                AfterStep(entry);
            }
        }

        PublishLoad();
    }

    private void AfterStep(StepEntry entry)
    {
        var turn = entry.Turn;
        turn.Sequence.PublishComputed();
        if (turn.Error is { } error)
        {
            _ending.Fail(turn, error);
            return;
        }

        if (!entry.IsCurrent)
        {
            return;
        }

        _prefixes.Enter(turn.Sequence, entry.End - entry.Count, entry.End);
        var proved = entry.End >= turn.SuspectUntil;
        turn.SuspectUntil = proved ? 0 : turn.SuspectUntil;
        FinishIfDone(turn);
        if (!turn.Ended && turn.Channel.IsFull)
        {
            turn.Pause();
        }
    }

    private void PublishLoad() => Counters.PublishLoad(_turns.Running.Count, _parts.Pool);

    private void Publish(EngineSequence sequence)
    {
        sequence.PublishComputed();
        PublishLoad();
    }

    private static EngineException Stopped() => new(EngineError.Unavailable, "the engine has stopped");
}
