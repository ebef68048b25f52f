using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Invocation;

namespace Orleans.Streaming;

/// <summary>The grain's side of streams. Every activation answers these calls, between and during others.</summary>
internal interface IAsyncEnumerableTarget : IAddressable
{
    [AlwaysInterleave]
    ValueTask<EnumerationStep> StartAsync(Guid id, MethodCall call, int maxBatchSize, CancellationToken cancellationToken);

    [AlwaysInterleave]
    ValueTask<EnumerationStep> MoveNextAsync(Guid id, CancellationToken cancellationToken);

    [AlwaysInterleave]
    ValueTask DisposeAsync(Guid id);
}
