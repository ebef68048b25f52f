namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>A clock that stands still until it is moved; its frequency is odd on purpose.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private readonly List<ManualTimer> _timers = [];
    private long _timestamp;

    public override long TimestampFrequency => 1_234_560;

    public override long GetTimestamp() => Volatile.Read(ref _timestamp);

    public void Advance(TimeSpan time)
    {
        Interlocked.Add(ref _timestamp, (long)Math.Ceiling(time.TotalSeconds * TimestampFrequency));
        foreach (var timer in _timers.ToArray())
        {
            timer.Look();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state), GetTimestamp() + (long)(dueTime.TotalSeconds * TimestampFrequency));
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Goes off once, on the thread that moves the clock.</summary>
    private sealed class ManualTimer(ManualTimeProvider clock, Action callback, long due) : ITimer
    {
        public void Look()
        {
            if (clock.GetTimestamp() >= due && clock._timers.Remove(this))
            {
                callback();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
