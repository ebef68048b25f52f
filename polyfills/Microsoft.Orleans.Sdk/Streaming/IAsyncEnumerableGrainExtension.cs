using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Invocation;

namespace Orleans.Streaming;

/// <summary>The grain's side of streams. Every activation answers these calls, between and during others.</summary>
[Alias("Orleans.Runtime.IAsyncEnumerableGrainExtension")]
internal interface IAsyncEnumerableGrainExtension : IAddressable
{
    [AlwaysInterleave]
    ValueTask<EnumerationStep> StartEnumeration(Guid id, MethodCall call, int maxBatchSize, CancellationToken cancellationToken);

    [AlwaysInterleave]
    ValueTask<EnumerationStep> MoveNext(Guid id, CancellationToken cancellationToken);

    [AlwaysInterleave]
    ValueTask DisposeAsync(Guid id);
}
