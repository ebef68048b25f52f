using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Writes down what the scheduler needs to know, in lists that are kept.</summary>
internal sealed class StateObserver(SchedulerLimits limits, TurnTable turns, StateLedger ledger)
{
    private readonly ReclaimScan _scan = new(ledger.Pool);

    public SchedulerState State { get; } = new();

    /// <summary>The sequences behind <see cref="SchedulerState.Evictable"/>.</summary>
    public List<EngineSequence> Evictable { get; } = [];

    /// <summary>The sequences behind <see cref="SchedulerState.Savable"/>.</summary>
    public List<EngineSequence> Savable { get; } = [];

    public void Observe(long now, bool admissionClosed)
    {
        State.Clear();
        Evictable.Clear();
        Savable.Clear();
        var mayBeShort = turns.Waiting.Count > 0 || ledger.Pool.FreeCount < MostPagesOfAStep();
        if (mayBeShort)
        {
            ledger.DropCheckpoints(MostPagesOfAStep() + turns.Waiting.Count, turns);
        }

        State.AdmissionClosed = admissionClosed;
        State.FreePages = ledger.Pool.FreeCount;
        foreach (var turn in turns.Running)
        {
            State.Running.Add(turn.View(limits, now));
        }

        foreach (var turn in turns.Waiting)
        {
            State.Waiting.Add(turn.View(limits, now));
        }

        if (mayBeShort)
        {
            ObserveEvictable();
        }
    }

    /// <summary>No step needs more: every row in a page of its own kind, and for every sequence a page begun and a page copied.</summary>
    private int MostPagesOfAStep() => limits.MaxStepTokens / limits.PageTokens + 1 + 2 * turns.Running.Count;

    /// <summary>Idle sequences first, then turns whose readers are behind, then turns that wait; the youngest first among the turns.</summary>
    private void ObserveEvictable()
    {
        _scan.Clear();
        var head = State.Head < 0 ? null : turns.Waiting[State.Head].Sequence;
        AddIdle();
        State.IdleCount = Evictable.Count;
        var idle = _scan.Reclaimable;
        AddSavable();
        (State.Saving, State.SavingPages) = (ledger.Saves.UnderWay, ledger.Saves.PagesUnderWay);
        AddTurns(head);
        State.ReclaimableBesideHead = _scan.Reclaimable;
        if (head is not null)
        {
            Add(head);
        }

        State.ReclaimablePages = State.AwaitsSaves ? idle : _scan.Reclaimable;
    }

    /// <summary>Whether the state of an idle sequence may go without more ado.</summary>
    public static bool IsDroppable(EngineSequence sequence, StateLedger ledger) => !IsKept(sequence) && !ledger.Saves.IsWanted(sequence);

    private void AddIdle()
    {
        for (var node = ledger.Idle.First; node is not null; node = node.Next)
        {
            if (IsDroppable(node.Value, ledger))
            {
                Add(node.Value);
            }
        }
    }

    /// <summary>What comes back only after it was saved, and what is being saved.</summary>
    private void AddSavable()
    {
        for (var node = ledger.Idle.First; node is not null; node = node.Next)
        {
            var sequence = node.Value;
            if (sequence.State.UnitsHeld > 0 && (IsKept(sequence) || ledger.Saves.IsWanted(sequence)))
            {
                _scan.Add(sequence.State);
                if (!IsKept(sequence))
                {
                    Savable.Add(sequence);
                    State.Savable.Add(new EvictableView(_scan.Exclusive));
                }
            }
        }
    }

    /// <summary>It is being saved, or is what the saving reads from.</summary>
    private static bool IsKept(EngineSequence sequence) => StateSaves.IsUnderWay(sequence) || (sequence.HeldOf is { } source && StateSaves.IsUnderWay(source));

    private void AddTurns(EngineSequence? head)
    {
        for (var i = turns.Running.Count - 1; i >= 0; i--)
        {
            if (turns.Running[i].Paused)
            {
                Add(turns.Running[i].Sequence);
            }
        }

        for (var i = turns.Waiting.Count - 1; i >= 0; i--)
        {
            if (turns.Waiting[i].Sequence != head)
            {
                Add(turns.Waiting[i].Sequence);
            }
        }
    }

    private void Add(EngineSequence sequence)
    {
        if (sequence.State.UnitsHeld > 0)
        {
            _scan.Add(sequence.State);
            Evictable.Add(sequence);
            State.Evictable.Add(new EvictableView(_scan.Exclusive));
        }
    }
}
