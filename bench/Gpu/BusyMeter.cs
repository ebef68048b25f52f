using System.Diagnostics;

namespace OrleansLM.Gpu;

/// <summary>Tokens a second while all sequences generate.</summary>
/// <param name="sequences">So many.</param>
/// <param name="tokens">Of each.</param>
internal sealed class BusyMeter(int sequences, int tokens)
{
    private int _started;
    private long _from;
    private long _to;
    private long _counted;

    public double Rate => _counted / Stopwatch.GetElapsedTime(_from, _to).TotalSeconds;

    /// <summary>Any thread: a sequence has its next token.</summary>
    public void Count(int ofSequence)
    {
        if (ofSequence == 2 && Interlocked.Increment(ref _started) == sequences)
        {
            Volatile.Write(ref _from, Stopwatch.GetTimestamp());
        }
        else if (Volatile.Read(ref _from) != 0 && Volatile.Read(ref _to) == 0)
        {
            Interlocked.Increment(ref _counted);
            if (ofSequence == tokens)
            {
                Interlocked.CompareExchange(ref _to, Stopwatch.GetTimestamp(), 0);
            }
        }
    }
}
