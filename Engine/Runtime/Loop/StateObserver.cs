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

    public void Observe(long now, bool admissionClosed)
    {
        State.Clear();
        Evictable.Clear();
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
        for (var node = ledger.Idle.First; node is not null; node = node.Next)
        {
            Add(node.Value);
        }

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

        State.ReclaimableBesideHead = _scan.Reclaimable;
        if (head is not null)
        {
            Add(head);
        }

        State.ReclaimablePages = _scan.Reclaimable;
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
