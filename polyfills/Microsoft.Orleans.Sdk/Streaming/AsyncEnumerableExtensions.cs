using Orleans.Streaming;

namespace Orleans.Runtime;

public static class AsyncEnumerableExtensions
{
    /// <summary>How many elements, if they are there at once, one message may bring. Without effect on streams that do not come from a grain.</summary>
    public static IAsyncEnumerable<T> WithBatchSize<T>(this IAsyncEnumerable<T> self, int maxBatchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBatchSize);
        if (self is IBatchedStream stream)
            stream.MaxBatchSize = maxBatchSize;
        return self;
    }
}
