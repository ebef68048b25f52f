namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>When things happened to a turn, in timestamps of the engine's time provider.</summary>
internal sealed class TurnClock(TimeProvider time)
{
    private readonly long _submitted = time.GetTimestamp();
    private long? _firstRow;
    private long? _firstToken;

    /// <summary>Timestamp of the last generated token; null before the first.</summary>
    public long? LastToken { get; private set; }

    public TimeSpan QueueTime => Until(_firstRow);

    public TimeSpan TimeToFirstToken => Until(_firstToken);

    public TimeSpan SinceSubmission(long now) => time.GetElapsedTime(_submitted, now);

    /// <returns>True the first time.</returns>
    public bool MarkRow(long now)
    {
        var isFirst = _firstRow is null;
        _firstRow ??= now;
        return isFirst;
    }

    /// <returns>Time since the token before, or null when this is the first.</returns>
    public TimeSpan? MarkToken(long now)
    {
        TimeSpan? latency = LastToken is { } last ? time.GetElapsedTime(last, now) : null;
        _firstToken ??= now;
        LastToken = now;
        return latency;
    }

    private TimeSpan Until(long? timestamp) => timestamp is { } at ? time.GetElapsedTime(_submitted, at) : TimeSpan.Zero;
}
