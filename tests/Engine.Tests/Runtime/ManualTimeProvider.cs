namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>A clock that stands still until it is moved; its frequency is odd on purpose.</summary>
internal sealed class ManualTimeProvider : TimeProvider
{
    private long _timestamp;

    public override long TimestampFrequency => 1_234_560;

    public override long GetTimestamp() => Volatile.Read(ref _timestamp);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _timestamp, (long)Math.Ceiling(time.TotalSeconds * TimestampFrequency));
}
