namespace Orleans.Streaming;

/// <summary>What one pull of a stream gives: a batch of elements (null for none), and whether they are the last ones.</summary>
internal sealed record EnumerationStep(EnumerationStatus Status, StreamBatch? Elements = null, Exception? Exception = null, bool IsLast = false)
{
    public static EnumerationStep Heartbeat { get; } = new(EnumerationStatus.Heartbeat);

    public static EnumerationStep Cancelled { get; } = new(EnumerationStatus.Cancelled);

    public static EnumerationStep Missing { get; } = new(EnumerationStatus.Missing);

    public static EnumerationStep Completed { get; } = new(EnumerationStatus.Completed);
}
