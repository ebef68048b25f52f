namespace Grpc.AspNetCore.Server.Internal;

/// <summary>In the container when AddGrpc was called; holds what the server keeps per application.</summary>
internal sealed class GrpcMarker
{
    private int _fallbackMapped;

    /// <summary>True for the first caller only.</summary>
    public bool TakeFallback() => Interlocked.Exchange(ref _fallbackMapped, 1) == 0;
}
