namespace OrleansLM.Silo.Cluster;

/// <summary>When this silo started.</summary>
public sealed class SiloClock(TimeProvider time)
{
    public DateTimeOffset StartTime { get; } = time.GetUtcNow();
}
