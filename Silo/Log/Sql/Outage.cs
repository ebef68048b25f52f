using System.Diagnostics;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>For how long the database is away, and when to try again: pauses double from 50 ms to 1 s.</summary>
internal sealed class Outage(TimeSpan limit)
{
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    private TimeSpan _pause = TimeSpan.FromMilliseconds(50);
    private long? _began;

    public bool Began => _began is not null;

    public bool IsOver { get; private set; }

    public TimeSpan Elapsed => _began is { } began ? Stopwatch.GetElapsedTime(began) : TimeSpan.Zero;

    /// <summary>How long to wait before the next try; null when the limit is reached.</summary>
    public TimeSpan? TryNext()
    {
        _began ??= Stopwatch.GetTimestamp();
        if (IsOver || Elapsed + _pause > limit)
        {
            IsOver = true;
            return null;
        }

        var pause = _pause;
        _pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        return pause;
    }

    /// <summary>No more tries.</summary>
    public void End() => IsOver = true;
}
