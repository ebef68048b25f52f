namespace Grpc.Core;

/// <summary>Messages as they arrive. One read at a time.</summary>
public interface IAsyncStreamReader<out T>
{
    T Current { get; }

    /// <summary>False at the end of the stream; throws <see cref="RpcException"/> when the call failed.</summary>
    Task<bool> MoveNext(CancellationToken cancellationToken);
}
