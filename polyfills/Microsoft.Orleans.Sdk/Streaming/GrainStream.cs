using Orleans.Runtime;
using Orleans.Runtime.Invocation;

namespace Orleans.Streaming;

/// <summary>The result of a grain method that returns a stream. Each enumeration is a call of its own; before it nothing is sent.</summary>
internal sealed class GrainStream<T>(GrainReference grain, MethodCall call) : IAsyncEnumerable<T>, IBatchedStream
{
    public int MaxBatchSize { get; set; } = 100;

    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        => new GrainStreamReader<T>(grain, call, MaxBatchSize, cancellationToken);
}
