using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Observes, asks the scheduler and carries out its decisions, until the decision is a step. Engine's thread.</summary>
internal sealed class StepPlanner(
    EngineParts parts, SchedulerLimits limits, TurnTable turns, StateLedger ledger, TurnAdmission admission, TurnEnding ending, PrefixCache prefixes, EngineCounters counters,
    EngineInstruments instruments)
{
    private readonly StateObserver _observer = new(limits, turns, ledger);
    private SchedulerLimits _limits = limits;

    /// <summary>The step that was decided on last.</summary>
    public StepPlan Plan { get; } = new();

    /// <returns>False when there is nothing to compute.</returns>
    public bool Next()
    {
        var closed = false;
        while (true)
        {
            _observer.Observe(parts.Time.GetTimestamp(), closed);
            var decision = Scheduler.Decide(Limits(), _observer.State, Plan);
            if (decision.Kind is DecisionKind.Step or DecisionKind.Idle)
            {
                RefuseExcess();
                return decision.Kind == DecisionKind.Step;
            }

            closed |= decision.Kind == DecisionKind.Preempt;
            Apply(decision);
        }
    }

    /// <summary>
    /// Plans a step that follows those under way, for turns whose next token they are still to choose. Only when nothing else is to be decided: what is, waits until a step is done.
    /// Once the step is filled <see cref="SettleAhead"/> must be called.
    /// </summary>
    /// <returns>False when there is no such step.</returns>
    public bool NextToFollow()
    {
        var any = false;
        foreach (var turn in turns.Running)
        {
            if (turn.SuspectUntil > 0)
            {
                return false;
            }
        }

        foreach (var turn in turns.Running)
        {
            any |= turn.CanFollow;
            turn.Ahead = turn.CanFollow ? 1 : turn.Ahead;
        }

        if (any)
        {
            _observer.Observe(parts.Time.GetTimestamp(), admissionClosed: false);
            if (Scheduler.Decide(Limits(), _observer.State, Plan).Kind == DecisionKind.Step)
            {
                RefuseExcess();
                return true;
            }
        }

        SettleAhead();
        return false;
    }

    /// <summary>Turns that found no place in the step that was planned ahead wait for the next one.</summary>
    public void SettleAhead()
    {
        foreach (var turn in turns.Running)
        {
            turn.SettleAhead();
        }
    }

    /// <summary>The state of a sequence is gone; its turn, if it has one, computes it anew.</summary>
    public static void DropState(EngineSequence sequence)
    {
        sequence.State.Release();
        sequence.PublishComputed();
        sequence.Turn?.Restart();
    }

    /// <summary>
    /// Drops what is idle, checkpoints first and then what was used longest ago, until so many units are free or nothing idle is left. What is to be saved before
    /// is not dropped yet.
    /// </summary>
    /// <returns>What to wait for before asking again; null: no more room can be made.</returns>
    public Task? MakeRoom(int units)
    {
        if (ledger.Pool.FreeCount < units)
        {
            ledger.DropCheckpoints(units, turns);
        }

        for (var node = ledger.Idle.First; node is not null && ledger.Pool.FreeCount < units; node = node.Next)
        {
            if (node.Value.State.UnitsHeld > 0 && StateObserver.IsDroppable(node.Value, ledger))
            {
                Evict(node.Value);
            }
        }

        return ledger.Pool.FreeCount < units ? SaveIdle(units - ledger.Pool.FreeCount) : null;
    }

    private Task? SaveIdle(int units)
    {
        for (var node = ledger.Idle.First; node is not null && ledger.Saves.UnderWay < _limits.MaxSaves && ledger.Saves.PagesUnderWay < units; node = node.Next)
        {
            if (node.Value.State.UnitsHeld > 0 && ledger.Saves.IsWanted(node.Value))
            {
                ledger.Saves.Begin(node.Value, node.Value.State.UnitsHeld);
            }
        }

        return ledger.Saves.UnderWay > 0 ? ledger.Saves.Next : null;
    }

    private void Apply(Decision decision)
    {
        switch (decision.Kind)
        {
            case DecisionKind.Admit:
                Admit(turns.Waiting[decision.Index]);
                break;
            case DecisionKind.Refuse:
                ending.Fail(turns.Waiting[decision.Index], admission.NoMemory());
                break;
            case DecisionKind.Evict:
                Evict(_observer.Evictable[decision.Index]);
                break;
            case DecisionKind.Save:
                ledger.Saves.Begin(_observer.Savable[decision.Index], _observer.State.Savable[decision.Index].ExclusivePages);
                break;
            case DecisionKind.Preempt:
                Preempt(turns.Running[decision.Index]);
                break;
            case DecisionKind.Exhausted:
                ending.Fail(turns.Running[decision.Index], admission.NeverFits(turns.Running[decision.Index].Target));
                break;
            default:
                throw new InvalidOperationException($"{decision.Kind} is not a decision to apply");
        }
    }

    private void Admit(EngineTurn turn)
    {
        turn.LastStep = counters.Steps;
        turns.Admit(turn);
        prefixes.Find(turn);
    }

    private void Evict(EngineSequence sequence)
    {
        DropState(sequence);
        counters.Evictions++;
        instruments.Evictions.Add(1);
        if (sequence.Turn is { } turn && turns.Running.Contains(turn))
        {
            turns.SendBack(turn);
        }
    }

    /// <summary>A pipeline may have been cut into another number of stages meanwhile.</summary>
    private SchedulerLimits Limits() => _limits.DecodeGroups == parts.Chain.Parallel ? _limits : _limits = _limits with { DecodeGroups = parts.Chain.Parallel };

    private void Preempt(EngineTurn turn)
    {
        DropState(turn.Sequence);
        counters.Preemptions++;
        instruments.Preemptions.Add(1);
        turns.SendBack(turn);
    }

    /// <summary>Submission lets in as many turns as may run and wait together; when memory keeps some from running, the last to come are too many.</summary>
    private void RefuseExcess()
    {
        var waiting = 0;
        foreach (var turn in turns.Waiting)
        {
            waiting += turn.Started ? 0 : 1;
        }

        for (var i = turns.Waiting.Count - 1; i >= 0 && waiting > parts.Options.MaxWaitingTurns; i--)
        {
            if (!turns.Waiting[i].Started)
            {
                ending.Fail(turns.Waiting[i], admission.QueueFull());
                waiting--;
            }
        }
    }
}
