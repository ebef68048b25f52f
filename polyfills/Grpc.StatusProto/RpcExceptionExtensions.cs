namespace Grpc.Core;

public static class RpcExceptionExtensions
{
    /// <summary>The rich status that the server sent with this failure, or null.</summary>
    public static Google.Rpc.Status? GetRpcStatus(this RpcException ex)
    {
        ArgumentNullException.ThrowIfNull(ex);
        return ex.Trailers.GetRpcStatus();
    }
}
