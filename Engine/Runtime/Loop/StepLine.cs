using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Scheduling;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// The steps under way, oldest first: begun by <see cref="Begin"/>, handed out by <see cref="TryComplete"/> in the same order. One where the stages run on the
/// engine's thread; as many as the chain is deep where they work at the same time; and where steps can follow what those before are still to choose, one more for each stage.
/// </summary>
internal sealed class StepLine(EngineParts parts, EngineInstruments instruments, EngineCounters counters)
{
    private readonly StepFiller _filler = new(parts, instruments, counters);
    private readonly StepOutcome _outcome = new(parts, instruments, counters);
    private readonly Queue<PendingStep> _underWay = new();
    private readonly Stack<PendingStep> _spare = new();

    public bool IsEmpty => _underWay.Count == 0;

    /// <summary>Another step may be begun. Those that wait for tokens of others under way do not count: what is known has not to wait for them.</summary>
    public bool HasRoom => _underWay.Count - Following < parts.Chain.Depth && parts.Chain.IsReady;

    /// <summary>A step may be begun behind those under way, for tokens that they are still to choose.</summary>
    public bool CanFollow =>
        _underWay.Count > 0 && _underWay.Count < parts.Chain.Depth + parts.Chain.Parallel && Following < parts.Chain.Parallel && OnlyDecodes && parts.Chain.CanFollow;

    /// <summary>
    /// False where the stages have enough to do and the plan holds decode rows alone: they wait to join the next step. Small steps would otherwise stay small, each reading all weights
    /// for a few rows.
    /// </summary>
    public bool Takes(StepPlan plan) => parts.Chain.Depth == 1 || _underWay.Count < parts.Chain.Parallel || plan.RowCount > plan.Shares.Length;

    /// <summary>Steps under way that take tokens which others under way are still to choose.</summary>
    private int Following
    {
        get
        {
            var count = 0;
            foreach (var step in _underWay)
            {
                count += step.Follows >= _underWay.Peek().Number ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>Of all steps under way. Where prompts are computed there is enough to do that is known.</summary>
    private bool OnlyDecodes
    {
        get
        {
            foreach (var step in _underWay)
            {
                if (!step.OnlyDecodes)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>What the stages threw when the last step was begun or completed; null when nothing.</summary>
    public Exception? Error { get; private set; }

    /// <returns>The step, if it has failed already: see <see cref="Error"/>; otherwise null.</returns>
    public PendingStep? Begin(StepPlan plan, TurnTable turns)
    {
        var step = _spare.TryPop(out var spare) ? spare : new PendingStep();
        _filler.Fill(step, plan, turns);
        Error = null;
        try
        {
            parts.Chain.Begin(step);
            _underWay.Enqueue(step);
            return null;
        }
        catch (Exception error)
        {
            Error = error;
            return step;
        }
    }

    /// <summary>Takes the oldest step off the line, if it is done or has failed: see <see cref="Error"/>.</summary>
    public PendingStep? TryComplete()
    {
        Error = null;
        if (!_underWay.TryPeek(out var step))
        {
            return null;
        }

        try
        {
            if (!parts.Chain.TryComplete(step, _outcome))
            {
                return null;
            }

            StepOutcome.TellProgress(step);
        }
        catch (Exception error)
        {
            Error = error;
        }

        instruments.StepDuration.Record(parts.Time.GetElapsedTime(step.Began).TotalSeconds);
        return _underWay.Dequeue();
    }

    /// <summary>The step's parts have been seen to; it may be filled again.</summary>
    public void Return(PendingStep step)
    {
        foreach (var entry in step.Entries)
        {
            entry.Turn.UnderWay -= entry.IsCurrent ? 1 : 0;
        }

        _spare.Push(step);
    }

    /// <summary>Nothing will come of what is under way.</summary>
    public void Forget()
    {
        while (_underWay.TryDequeue(out var step))
        {
            _spare.Push(step);
        }
    }
}
