namespace OrleansLM.Gateway.Routing;

/// <summary>How long one call waits for somebody to take over from a lost silo. Time counts from the first loss without progress since.</summary>
internal sealed class Patience(TimeSpan limit, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(500);

    private TimeSpan _pause = TimeSpan.FromMilliseconds(20);
    private long? _lostAt;

    /// <summary>Something came: the next loss counts from its own beginning. Returns how long it took since the loss; null when there was none.</summary>
    public TimeSpan? Progress()
    {
        if (_lostAt is not { } lostAt)
        {
            return null;
        }

        _lostAt = null;
        _pause = TimeSpan.FromMilliseconds(20);
        return time.GetElapsedTime(lostAt);
    }

    /// <summary>Waits a little, longer each time; false when it has waited long enough, or this gateway stops.</summary>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        _lostAt ??= time.GetTimestamp();
        if (stopping.IsCancellationRequested || time.GetElapsedTime(_lostAt.Value) >= limit)
        {
            return false;
        }

        await Task.Delay(_pause, time, cancellationToken);
        _pause = _pause * 2 < s_longestPause ? _pause * 2 : s_longestPause;
        return true;
    }
}
