namespace Orleans.Streaming;

internal enum EnumerationStatus : byte
{
    /// <summary>Nothing yet; ask again.</summary>
    Heartbeat,
    Elements,
    Completed,
    Failed,
    Cancelled,

    /// <summary>The grain does not know the enumerator, or not any more.</summary>
    Missing,
}
