namespace OrleansLM.Engine.Scheduling;

/// <summary>What does not change between steps: budgets and the shape of the state.</summary>
/// <param name="MaxStepTokens">Rows of a step at most.</param>
/// <param name="MaxRunningTurns">Sequences of a step, and turns that run together, at most.</param>
/// <param name="TotalPages">Pages of the pool; for recurrent models, slots.</param>
/// <param name="PageTokens">Tokens per page; <see cref="int.MaxValue"/> for recurrent models, whose one slot holds any length.</param>
/// <param name="WindowTokens">Sliding window W: pages wholly behind it are given back; null keeps all.</param>
/// <param name="AdmissionTimeout">A turn that has not started and waited this long for memory is refused.</param>
public sealed record SchedulerLimits(
    int MaxStepTokens, int MaxRunningTurns, int TotalPages, int PageTokens, int? WindowTokens, TimeSpan AdmissionTimeout)
{
    /// <summary>Fewer rows than that are not worth a step of their own by far.</summary>
    private const int SmallestPipelineChunk = 1024;

    /// <summary>Steps of a sequence end at multiples of it, because something is kept of the state there: the checkpoints of recurrent models.</summary>
    public int GridTokens { get; init; } = int.MaxValue;

    /// <summary>Steps that the running turns' decode rows are dealt to: one where a step is done before the next begins, one a stage where stages work at the same time.</summary>
    public int DecodeGroups { get; init; } = 1;

    /// <summary>Context at which a row's attention takes as long as everything else that is done for it; <see cref="int.MaxValue"/> where it takes the same at any.</summary>
    public int AttentionTokens { get; init; } = int.MaxValue;

    /// <summary>Idle states that are saved at the same time.</summary>
    public int MaxSaves { get; init; } = 2;

    /// <summary>Pages beyond its known tokens that a turn must find when it is admitted, so that it can decode for a while: none where state does not grow.</summary>
    public int SparePages => PageTokens == int.MaxValue ? 0 : 1;

    /// <summary>Tokens that a sequence can have computed when it has the whole pool for itself.</summary>
    public int CapacityTokens => WindowTokens is { } window && WindowPages(window) <= TotalPages
        ? int.MaxValue
        : (int)Math.Min(int.MaxValue, (long)TotalPages * PageTokens);

    /// <summary>Whether a turn whose sequence must reach <paramref name="tokens"/> can run when nothing else does.</summary>
    public bool CouldEverFit(int tokens) => (long)Footprint(tokens) + SparePages <= TotalPages;

    /// <summary>Most pages that a sequence holds while it is computed up to <paramref name="tokens"/>.</summary>
    public int Footprint(int tokens)
    {
        var pages = PagesUpTo(tokens);
        return WindowTokens is { } window ? Math.Min(pages, WindowPages(window)) : pages;
    }

    /// <summary>Pages that <paramref name="turn"/> must be given to compute <paramref name="rows"/> more tokens.</summary>
    public int PagesFor(in TurnView turn, int rows)
    {
        if (rows == 0)
        {
            return 0;
        }

        var end = PagesUpTo((long)turn.Computed + rows);
        return Math.Max(0, end - turn.PageEnd) + (turn.CopyOnWrite ? 1 : 0);
    }

    /// <summary>Tokens that <paramref name="turn"/> can compute when it is given at most <paramref name="pages"/> pages.</summary>
    public int RowsWithin(in TurnView turn, int pages)
    {
        var fresh = pages - (turn.CopyOnWrite ? 1 : 0);
        return fresh < 0 ? 0 : (int)Math.Min(int.MaxValue, ((long)turn.PageEnd + fresh) * PageTokens - turn.Computed);
    }

    /// <summary>Tokens from where <paramref name="turn"/> stands to the next multiple of <see cref="GridTokens"/>: more than 0.</summary>
    public int RowsToGrid(in TurnView turn) => GridTokens - turn.Computed % GridTokens;

    /// <summary>
    /// Prefill rows of a step at most, when the prompt furthest on stands at <paramref name="computed"/> tokens. Where stages work at the same time a prompt is cut into steps that take
    /// equal time, smaller ones the more stages there are: until a step has reached the last stage, and once the last one has left the first, some of them wait. They shrink to one half:
    /// prompts that are long enough for more are long beside a step anyway, and few rows do not fill a device.
    /// </summary>
    public int PrefillRows(int computed)
    {
        if (DecodeGroups == 1)
        {
            return MaxStepTokens;
        }

        var most = Math.Min(MaxStepTokens, Math.Max(SmallestPipelineChunk, MaxStepTokens / DecodeGroups));
        var quarter = Math.Max(1, most / 4);
        var seen = Math.Min(computed, WindowTokens ?? int.MaxValue);
        var quarters = (int)Math.Round(4.0 * AttentionTokens / ((double)AttentionTokens + seen));
        return Math.Min(most, Math.Max(2, quarters) * quarter);
    }

    /// <summary>Pages that <paramref name="turn"/> still has to get before all that it knows is computed.</summary>
    public int Outstanding(in TurnView turn) => Math.Max(0, Footprint(turn.Target) - turn.HeldPages);

    private int WindowPages(int window) => PagesUpTo((long)window + MaxStepTokens) + 1;

    private int PagesUpTo(long tokens) => (int)((tokens + PageTokens - 1) / PageTokens);
}
