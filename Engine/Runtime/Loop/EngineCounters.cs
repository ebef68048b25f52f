using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>What <see cref="EngineStatus"/> is made of: written by the engine's thread, read by any.</summary>
internal sealed class EngineCounters
{
    private int _openTurns;
    private int _sequences;
    private long _lastSequence;
    private long _lastTurn;

    public int Running;
    public int PagesUsed;
    public int PagesCached;
    public long ReusedTokens;
    public long Steps;
    public long PrefilledTokens;
    public long GeneratedTokens;
    public long Evictions;
    public long Preemptions;

    public int OpenTurns => Volatile.Read(ref _openTurns);

    public int Sequences => Volatile.Read(ref _sequences);

    public SequenceId NextSequence()
    {
        Interlocked.Increment(ref _sequences);
        return new SequenceId(Interlocked.Increment(ref _lastSequence));
    }

    public void SequenceClosed() => Interlocked.Decrement(ref _sequences);

    public long NextTurn() => Interlocked.Increment(ref _lastTurn);

    /// <returns>False when <paramref name="limit"/> turns are open already.</returns>
    public bool TryOpenTurn(int limit)
    {
        if (Interlocked.Increment(ref _openTurns) <= limit)
        {
            return true;
        }

        Interlocked.Decrement(ref _openTurns);
        return false;
    }

    public void TurnClosed() => Interlocked.Decrement(ref _openTurns);

    /// <summary>Engine's thread.</summary>
    public void PublishLoad(int running, PagePool pool)
    {
        Volatile.Write(ref Running, running);
        Volatile.Write(ref PagesUsed, pool.UsedCount);
        Volatile.Write(ref PagesCached, pool.CachedCount);
    }

    public EngineStatus Snapshot(int pagesTotal)
    {
        var running = Volatile.Read(ref Running);
        return new EngineStatus
        {
            RunningTurns = running,
            WaitingTurns = Math.Max(0, OpenTurns - running),
            Sequences = Sequences,
            PagesUsed = Volatile.Read(ref PagesUsed),
            PagesTotal = pagesTotal,
            PagesCached = Volatile.Read(ref PagesCached),
            ReusedTokens = Volatile.Read(ref ReusedTokens),
            Steps = Volatile.Read(ref Steps),
            PrefilledTokens = Volatile.Read(ref PrefilledTokens),
            GeneratedTokens = Volatile.Read(ref GeneratedTokens),
            Evictions = Volatile.Read(ref Evictions),
        };
    }
}
