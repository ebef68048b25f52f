using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Scheduling;

/// <summary>
/// Continuous batching as a pure function: observed state in, one decision out; the engine carries it out, observes again and asks again, until the
/// decision is a step. A step hands out tokens until computed catches up with known: decode rows first, then prefill chunks share what is left of the
/// budget, so that a long prompt delays the others by no more than one step.
/// <para>
/// Nothing starves: turns are admitted in order of submission; where memory is short an older turn takes it from what is idle, then from the youngest;
/// so the oldest turn always goes on, ends, and makes the next one the oldest. What is idle and has yet to be saved is waited for; saving takes a bounded time.
/// </para>
/// </summary>
public static class Scheduler
{
    /// <summary>Smallest prefill chunk that is worth a place in a step, in tokens.</summary>
    private const int Quantum = 16;

    public static Decision Decide(SchedulerLimits limits, SchedulerState state, StepPlan plan)
    {
        // step 4: what runs next.
        plan.Clear();
        return Admission(limits, state) ?? Step(limits, state, plan);
    }

    private static Decision? Admission(SchedulerLimits limits, SchedulerState state)
    {
        var head = state.Head;
        if (head < 0 || state.AdmissionClosed || ActiveCount(state) >= limits.MaxRunningTurns)
        {
            return null;
        }

        return Fits(limits, state, state.Waiting[head]) ? new Decision(DecisionKind.Admit, head) : Refusal(limits, state);
    }

    private static int ActiveCount(SchedulerState state)
    {
        var count = 0;
        foreach (ref readonly var turn in CollectionsMarshal.AsSpan(state.Running))
        {
            count += turn.Paused ? 0 : 1;
        }

        return count;
    }

    /// <summary>Whether the turn's known tokens fit beside what the running turns still need for theirs, with a page for each to grow into.</summary>
    private static bool Fits(SchedulerLimits limits, SchedulerState state, in TurnView turn)
    {
        long available = state.FreePages + state.ReclaimableBesideHead;
        foreach (ref readonly var other in CollectionsMarshal.AsSpan(state.Running))
        {
            available -= other.Paused ? 0 : limits.Outstanding(other) + limits.SparePages;
        }

        var footprint = Math.Min((long)limits.Footprint(turn.Target) + limits.SparePages, limits.TotalPages);
        return footprint - turn.HeldPages <= available;
    }

    private static Decision? Refusal(SchedulerLimits limits, SchedulerState state)
    {
        for (var i = 0; i < state.Waiting.Count; i++)
        {
            var turn = state.Waiting[i];
            if (!turn.Started && !turn.Paused && turn.Waited >= limits.AdmissionTimeout)
            {
                return new Decision(DecisionKind.Refuse, i);
            }
        }

        return null;
    }

    private static Decision Step(SchedulerLimits limits, SchedulerState state, StepPlan plan)
    {
        var group = StepGroup.Choose(state);
        var pages = state.FreePages + state.ReclaimablePages;
        var shortage = Decode(limits, state, plan, group, ref pages) ?? Prefill(limits, state, plan, group, ref pages);
        if (shortage is not null)
        {
            return shortage.Value;
        }

        if (plan.RowCount == 0)
        {
            return new Decision(DecisionKind.Idle);
        }

        return NeedsEviction(limits, state, plan) ? Evict(state) : new Decision(DecisionKind.Step);
    }

    private static Decision? Decode(SchedulerLimits limits, SchedulerState state, StepPlan plan, StepGroup group, ref int pages)
    {
        var turns = plan.Candidates(state.Running.Count, out _);
        turns = turns[..Select(state, group, turns, decode: true)];
        var dealt = (ActiveCount(state) + limits.DecodeGroups - 1) / limits.DecodeGroups;
        var places = Math.Min(limits.MaxStepTokens, Math.Min(limits.MaxRunningTurns, dealt));
        if (turns.Length > places)
        {
            plan.SortByService(turns, state.Running);
        }

        for (var i = 0; i < turns.Length && plan.RowCount < places; i++)
        {
            var need = limits.PagesFor(state.Running[turns[i]], 1);
            if (need <= pages)
            {
                pages -= need;
                plan.Add(turns[i], 1);
            }
            else if (Shortage(limits, state, turns[i]) is { } decision)
            {
                return decision;
            }
        }

        return null;
    }

    /// <summary>Shares the rest of the budget evenly among the prompts: a short one is through at once, a long one gets what the others leave.</summary>
    private static Decision? Prefill(SchedulerLimits limits, SchedulerState state, StepPlan plan, StepGroup group, ref int pages)
    {
        var turns = plan.Candidates(state.Running.Count, out var rows);
        turns = turns[..Select(state, group, turns, decode: false)];
        if (turns.Length > 1)
        {
            plan.SortByService(turns, state.Running);
        }

        var kept = 0;
        for (var i = 0; i < turns.Length && kept < limits.MaxRunningTurns - plan.Shares.Length; i++)
        {
            if (limits.RowsWithin(state.Running[turns[i]], pages) > 0)
            {
                turns[kept++] = turns[i];
            }
            else if (Shortage(limits, state, turns[i]) is { } decision)
            {
                return decision;
            }
        }

        ShareEvenly(limits, state, plan, turns[..kept], rows, pages);
        return null;
    }

    private static void ShareEvenly(SchedulerLimits limits, SchedulerState state, StepPlan plan, Span<int> turns, Span<int> rows, int pages)
    {
        var left = Math.Min(limits.MaxStepTokens - plan.RowCount, limits.PrefillRows(FurthestOn(state, turns)));
        for (var needy = turns.Length; left > 0 && needy > 0;)
        {
            var share = Math.Max(Quantum, left / needy);
            needy = 0;
            for (var i = 0; i < turns.Length && left > 0; i++)
            {
                var turn = state.Running[turns[i]];
                var more = Math.Min(Math.Min(share, left), CanTake(limits, turn, rows[i], pages));
                pages -= limits.PagesFor(turn, rows[i] + more) - limits.PagesFor(turn, rows[i]);
                rows[i] += more;
                left -= more;
                needy += CanTake(limits, turn, rows[i], pages) > 0 ? 1 : 0;
            }
        }

        for (var i = 0; i < turns.Length; i++)
        {
            if (rows[i] > 0)
            {
                plan.Add(turns[i], rows[i]);
            }
        }
    }

    private static int FurthestOn(SchedulerState state, ReadOnlySpan<int> turns)
    {
        var furthest = 0;
        foreach (var turn in turns)
        {
            furthest = Math.Max(furthest, state.Running[turn].Computed);
        }

        return furthest;
    }

    private static int CanTake(SchedulerLimits limits, in TurnView turn, int rows, int pages)
    {
        var within = limits.RowsWithin(turn, limits.PagesFor(turn, rows) + pages);
        return Math.Max(0, Math.Min(Math.Min(turn.Pending, within), limits.RowsToGrid(turn)) - rows);
    }

    private static int Select(SchedulerState state, StepGroup group, Span<int> turns, bool decode)
    {
        var count = 0;
        for (var i = 0; i < state.Running.Count; i++)
        {
            var turn = state.Running[i];
            if (!turn.Paused && turn.Pending > 0 && (turn.Pending == 1) == decode && group.Holds(i, turn))
            {
                turns[count++] = i;
            }
        }

        return count;
    }

    /// <summary>What makes room for a running turn that gets none: what is idle goes first, then the youngest turn if it is younger. Null: the turn waits.</summary>
    private static Decision? Shortage(SchedulerLimits limits, SchedulerState state, int turn)
    {
        if (state.AwaitsSaves)
        {
            return state.ReclaimablePages > 0 ? Evict(state) : Save(limits, state, state.Running[turn]);
        }

        if (state.Evictable.Count > 0)
        {
            return Evict(state);
        }

        for (var i = state.Running.Count - 1; i > turn; i--)
        {
            if (state.Running[i].HeldPages > 0)
            {
                return new Decision(DecisionKind.Preempt, i);
            }
        }

        return HoldsAll(state, turn) ? new Decision(DecisionKind.Exhausted, turn) : null;
    }

    /// <summary>Null: enough is on its way for the turn, or as many as may be.</summary>
    private static Decision? Save(SchedulerLimits limits, SchedulerState state, in TurnView turn) =>
        state.Savable.Count > 0 && state.Saving < limits.MaxSaves && state.SavingPages < Math.Max(1, limits.Outstanding(turn))
        ? new Decision(DecisionKind.Save, FirstExclusive(state.Savable, state.Savable.Count))
        : null;

    private static bool HoldsAll(SchedulerState state, int turn)
    {
        for (var i = 0; i < turn; i++)
        {
            if (state.Running[i].HeldPages > 0)
            {
                return false;
            }
        }

        return true;
    }

    private static Decision Evict(SchedulerState state) =>
        new(DecisionKind.Evict, FirstExclusive(state.Evictable, state.AwaitsSaves ? state.IdleCount : state.Evictable.Count));

    /// <summary>The first in line that gives something back by itself; where all only share, the first.</summary>
    private static int FirstExclusive(List<EvictableView> line, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (line[i].ExclusivePages > 0)
            {
                return i;
            }
        }

        return 0;
    }

    private static bool NeedsEviction(SchedulerLimits limits, SchedulerState state, StepPlan plan)
    {
        var need = 0;
        foreach (var share in plan.Shares)
        {
            need += limits.PagesFor(state.Running[share.Turn], share.Rows);
        }

        return need > state.FreePages;
    }
}
