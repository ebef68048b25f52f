using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// The life of an engine, one round at a time: carry out what other threads asked, ask the scheduler until it answers with a step, run it, hand out what
/// it produced. One thread calls <see cref="RunOnce"/>; <see cref="Submit"/>, <see cref="Ask"/> and <see cref="NewSequence"/> are for any.
/// </summary>
internal sealed class EngineLoop : IDisposable
{
    /// <summary>Room made for tokens when a turn begins; a turn that generates more grows it by doubling.</summary>
    private const int EagerTokens = 4096;

    private readonly EngineParts _parts;
    private readonly SchedulerLimits _limits;
    private readonly TurnTable _turns = new();
    private readonly StateLedger _ledger;
    private readonly StateObserver _observer;
    private readonly StepRunner _runner;
    private readonly StepPlan _plan = new();
    private readonly RetryHint _retry = new();
    private readonly EngineInstruments _instruments;

    public EngineLoop(EngineParts parts, EngineInstruments instruments, EngineCounters counters)
    {
        _parts = parts;
        _limits = parts.Limits;
        _instruments = instruments;
        Counters = counters;
        Rules = new TurnRules(parts.Config);
        _ledger = new StateLedger(parts.Pool, parts.Config, parts.Options.PageTokens);
        _observer = new StateObserver(_limits, _turns, _ledger);
        _runner = new StepRunner(parts, instruments, counters);
    }

    public CommandQueue Commands { get; } = new();

    public EngineCounters Counters { get; }

    public TurnRules Rules { get; }

    /// <summary>Any thread.</summary>
    /// <exception cref="EngineException">Unavailable: the engine has stopped.</exception>
    public void Ask(Action command)
    {
        if (!Commands.TryPost(command))
        {
            throw Stopped();
        }
    }

    /// <summary>Any thread.</summary>
    public EngineSequence NewSequence(ReadOnlySpan<int> tokens)
    {
        Rules.CheckTokens(tokens, "tokens");
        if (tokens.Length > _parts.MaxSequenceTokens)
        {
            throw new EngineException(
                EngineError.InvalidArgument, $"the sequence has {tokens.Length} tokens; expected at most {_parts.MaxSequenceTokens}") { Field = "tokens" };
        }

        var sequence = new EngineSequence(this, Counters.NextSequence(), tokens, _ledger.NewState());
        Ask(() => Open(sequence));
        return sequence;
    }

    /// <summary>Any thread that has claimed the sequence.</summary>
    public EngineTurn Submit(EngineSequence sequence, TurnRequest request, SamplingPlan plan)
    {
        var length = sequence.Length;
        RequireLength(length, request);
        if (!Counters.TryOpenTurn(_limits.MaxRunningTurns + _parts.Options.MaxWaitingTurns))
        {
            throw QueueFull();
        }

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
    /// <returns>False when there was nothing to compute: wait for a command.</returns>
    public bool RunOnce()
    {
        Commands.Drain();
        if (!Plan())
        {
            return false;
        }

        var started = _parts.Time.GetTimestamp();
        var error = _runner.Run(_plan, _turns);
        _instruments.StepDuration.Record(_parts.Time.GetElapsedTime(started).TotalSeconds);
        if (error is not null)
        {
            Isolate(error);
        }

        AfterStep();
        return true;
    }

    /// <summary>Fails what is open and takes no more.</summary>
    /// <param name="defect">Why, when it is not that somebody asked for it.</param>
    public void Shutdown(Exception? defect)
    {
        Commands.Close();
        Commands.Drain();
        var error = defect is null ? Stopped() : new EngineException(EngineError.Unavailable, $"the engine has stopped: {defect.Message}", defect);
        while (_turns.Running.Count + _turns.Waiting.Count > 0)
        {
            Fail(_turns.Running.Count > 0 ? _turns.Running[^1] : _turns.Waiting[^1], error);
        }
    }

    public void Dispose() => Commands.Dispose();

    /// <summary>Engine's thread.</summary>
    public void Cancel(EngineTurn turn)
    {
        if (!turn.Ended)
        {
            Finish(turn, FinishReason.Cancelled);
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
        var fork = new EngineSequence(this, Counters.NextSequence(), source.Tokens.Copy(0, position), state);
        Open(fork);
        if (!done.TrySetResult(fork))
        {
            Close(fork, new TaskCompletionSource());
        }
    }

    /// <summary>Engine's thread; the caller has claimed the sequence.</summary>
    public void Truncate(EngineSequence sequence, int position, TaskCompletionSource done)
    {
        sequence.State.Truncate(Math.Min(position, sequence.State.ComputedLength));
        sequence.Tokens.Truncate(position);
        Publish(sequence);
        done.TrySetResult();
    }

    /// <summary>Engine's thread.</summary>
    public void Close(EngineSequence sequence, TaskCompletionSource done)
    {
        if (sequence.Turn is { } turn)
        {
            Fail(turn, new EngineException(EngineError.Unavailable, $"{sequence.Id} was disposed while its turn ran"));
        }

        _ledger.MakeBusy(sequence);
        sequence.State.Release();
        Counters.SequenceClosed();
        Publish(sequence);
        done.TrySetResult();
    }

    private void Open(EngineSequence sequence)
    {
        if (!sequence.IsDisposed)
        {
            _ledger.MakeIdle(sequence);
        }
    }

    private void Start(EngineTurn turn)
    {
        var sequence = turn.Sequence;
        sequence.Turn = turn;
        _ledger.MakeBusy(sequence);
        _turns.AddWaiting(turn);
        if (sequence.IsDisposed)
        {
            Fail(turn, new EngineException(EngineError.Unavailable, $"{sequence.Id} was disposed"));
            return;
        }

        try
        {
            turn.Generation = new Generation(_parts, turn);
        }
        catch (Exception error)
        {
            Fail(turn, new EngineException(EngineError.Internal, $"the turn of {sequence.Id} could not begin: {error.Message}", error));
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
        if (wasOver || turn.Sequence.State.ComputedLength >= turn.Target)
        {
            Finish(turn, generation.Reason);
        }
    }

    /// <summary>The last token's row has to be computed for its logits, and scoring needs the row before the first appended token.</summary>
    private static void PrepareState(EngineTurn turn)
    {
        var state = turn.Sequence.State;
        var usable = turn.Scores ? turn.NextToScore - 1 : turn.Sequence.Tokens.Count - 1;
        if (state.ComputedLength > usable)
        {
            state.Truncate(Math.Max(0, usable));
        }

        turn.BeginPrefill();
        turn.Sequence.PublishComputed();
    }

    private bool Plan()
    {
        var closed = false;
        while (true)
        {
            _observer.Observe(_parts.Time.GetTimestamp(), closed);
            var decision = Scheduler.Decide(_limits, _observer.State, _plan);
            if (decision.Kind is DecisionKind.Step or DecisionKind.Idle)
            {
                RefuseExcess();
                PublishLoad();
                return decision.Kind == DecisionKind.Step;
            }

            closed |= decision.Kind == DecisionKind.Preempt;
            Apply(decision);
        }
    }

    private void Apply(Decision decision)
    {
        switch (decision.Kind)
        {
            case DecisionKind.Admit:
                _turns.Waiting[decision.Index].LastStep = Counters.Steps;
                _turns.Admit(_turns.Waiting[decision.Index]);
                break;
            case DecisionKind.Refuse:
                Fail(_turns.Waiting[decision.Index], NoMemory());
                break;
            case DecisionKind.Evict:
                Evict(_observer.Evictable[decision.Index]);
                break;
            case DecisionKind.Preempt:
                Preempt(_turns.Running[decision.Index]);
                break;
            case DecisionKind.Exhausted:
                Fail(_turns.Running[decision.Index], NeverFits(_turns.Running[decision.Index].Target));
                break;
            default:
                throw new InvalidOperationException($"{decision.Kind} is not a decision to apply");
        }
    }

    private void Evict(EngineSequence sequence)
    {
        DropState(sequence);
        Counters.Evictions++;
        _instruments.Evictions.Add(1);
        if (sequence.Turn is { } turn && _turns.Running.Contains(turn))
        {
            _turns.SendBack(turn);
        }
    }

    private void Preempt(EngineTurn turn)
    {
        DropState(turn.Sequence);
        Counters.Preemptions++;
        _instruments.Preemptions.Add(1);
        _turns.SendBack(turn);
    }

    private static void DropState(EngineSequence sequence)
    {
        sequence.State.Release();
        sequence.PublishComputed();
        sequence.Turn?.BeginPrefill();
    }

    /// <summary>Submission lets in as many turns as may run and wait together; when memory keeps some from running, the last to come are too many.</summary>
    private void RefuseExcess()
    {
        var waiting = 0;
        foreach (var turn in _turns.Waiting)
        {
            waiting += turn.Started ? 0 : 1;
        }

        for (var i = _turns.Waiting.Count - 1; i >= 0 && waiting > _parts.Options.MaxWaitingTurns; i--)
        {
            if (!_turns.Waiting[i].Started)
            {
                Fail(_turns.Waiting[i], QueueFull());
                waiting--;
            }
        }
    }

    /// <summary>
    /// The stages failed, for a reason that is nobody's or one turn's. A turn that was alone has failed. Otherwise all of them lose their state, which may be half
    /// written, and come to this point again one by one.
    /// </summary>
    private void Isolate(Exception error)
    {
        foreach (var turn in _runner.Turns)
        {
            turn.SuspectUntil = turn.Sequence.State.ComputedLength;
            DropState(turn.Sequence);
        }

        if (_runner.Turns.Count == 1)
        {
            var turn = _runner.Turns[0];
            turn.Error ??= new EngineException(EngineError.Internal, $"the step of {turn.Sequence.Id} failed: {error.Message}", error);
        }
    }

    private void AfterStep()
    {
        foreach (var turn in _runner.Turns)
        {
            turn.Sequence.PublishComputed();
            if (turn.Error is { } error)
            {
                Fail(turn, error);
                continue;
            }

            var proved = turn.Sequence.State.ComputedLength >= turn.SuspectUntil;
            turn.SuspectUntil = proved ? 0 : turn.SuspectUntil;
            FinishIfDone(turn);
            if (!turn.Ended && turn.Channel.IsFull)
            {
                turn.Pause();
            }
        }

        PublishLoad();
    }

    private void Finish(EngineTurn turn, FinishReason reason)
    {
        var usage = Usage(turn);
        Leave(turn);
        _instruments.Finished(turn.Activity, reason, usage);
        turn.Channel.Write(new TurnOutput { Kind = TurnOutputKind.Finished, Text = turn.Generation.TakeHeldText(), FinishReason = reason, Usage = usage });
        turn.Channel.End(null);
    }

    private void Fail(EngineTurn turn, EngineException error)
    {
        var sequence = turn.Sequence;
        sequence.Tokens.Truncate(turn.BaseLength);
        if (sequence.State.ComputedLength > turn.BaseLength)
        {
            sequence.State.Truncate(turn.BaseLength);
        }

        Leave(turn);
        _instruments.Failed(turn.Activity, error);
        turn.Channel.End(error);
    }

    /// <summary>The sequence is free before its reader learns that the turn is over, so that it may submit the next one at once.</summary>
    private void Leave(EngineTurn turn)
    {
        turn.Ended = true;
        _turns.Remove(turn);
        Open(turn.Sequence);
        turn.Sequence.Turn = null;
        turn.Sequence.PublishComputed();
        Counters.TurnClosed();
        _retry.Observe(turn.Clock.SinceSubmission(_parts.Time.GetTimestamp()));
        PublishLoad();
        turn.Sequence.Release();
    }

    private TurnUsage Usage(EngineTurn turn) => new()
    {
        PromptTokens = turn.Request.Tokens.Length,
        PrefilledTokens = turn.PrefilledTokens,
        GeneratedTokens = turn.Generation.Count,
        QueueTime = turn.Clock.QueueTime,
        TimeToFirstToken = turn.Clock.TimeToFirstToken,
        TotalTime = turn.Clock.SinceSubmission(_parts.Time.GetTimestamp()),
    };

    private void PublishLoad()
    {
        Volatile.Write(ref Counters.Running, _turns.Running.Count);
        Volatile.Write(ref Counters.PagesUsed, _parts.Pool.UsedCount);
    }

    private void Publish(EngineSequence sequence)
    {
        sequence.PublishComputed();
        PublishLoad();
    }

    private void RequireLength(int length, TurnRequest request)
    {
        var total = (long)length + request.Tokens.Length;
        if (total == 0)
        {
            throw new EngineException(EngineError.InvalidArgument, "the sequence is empty and so are the tokens; expected at least one token") { Field = nameof(request.Tokens) };
        }

        if (request.GenerationStart > total)
        {
            throw new EngineException(
                EngineError.InvalidArgument, $"GenerationStart is {request.GenerationStart}; expected a value in [0, {total}]") { Field = nameof(request.GenerationStart) };
        }

        if (total > _parts.MaxSequenceTokens)
        {
            throw new EngineException(
                EngineError.ContextFull, $"{length} tokens and {request.Tokens.Length} more are {total}; the longest sequence is {_parts.MaxSequenceTokens}") { Field = nameof(request.Tokens) };
        }

        if (!_limits.CouldEverFit((int)total))
        {
            throw NeverFits((int)total);
        }
    }

    private EngineException NeverFits(int tokens) => new(
        EngineError.ResourceExhausted, $"{tokens} tokens need {_limits.Footprint(tokens)} pages of state and {_limits.SparePages} to grow into; the engine has {_limits.TotalPages}");

    private EngineException NoMemory() => new(
        EngineError.ResourceExhausted, $"no memory for the turn's state within {_parts.Options.AdmissionTimeout.TotalSeconds:0.###} s") { RetryAfter = RetryAfter() };

    private EngineException QueueFull() => new(
        EngineError.ResourceExhausted, $"{_parts.Options.MaxWaitingTurns} turns wait already, as many as may") { RetryAfter = RetryAfter() };

    private TimeSpan RetryAfter() => _retry.After(Counters.OpenTurns - Volatile.Read(ref Counters.Running), Volatile.Read(ref Counters.Running));

    private static EngineException Stopped() => new(EngineError.Unavailable, "the engine has stopped");
}
