using System.Net.Sockets;
using System.Text;
using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>The status of a call whose transport failed. UNAVAILABLE means: the connection was lost or never made.</summary>
internal static class TransportStatus
{
    public static Status Of(Exception exception, string doing)
    {
        var text = new StringBuilder(doing);
        StatusCode? code = null;
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is RpcException rpc)
            {
                return rpc.Status;
            }

            text.Append(' ').Append(cause.GetType().Name).Append(": ").Append(cause.Message);
            code = CodeOf(cause) ?? code;
        }

        return new Status(code ?? StatusCode.Internal, text.ToString(), exception);
    }

    public static bool NeverConnected(HttpRequestException exception) =>
        exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError;

    /// <summary>What one exception of the chain says; the innermost that says something counts.</summary>
    private static StatusCode? CodeOf(Exception exception) => exception switch
    {
        HttpProtocolException protocol => OfHttp2(protocol.ErrorCode),
        HttpRequestException request when NeverConnected(request) => StatusCode.Unavailable,
        SocketException or IOException => StatusCode.Unavailable,
        OperationCanceledException => StatusCode.Cancelled,
        _ => null,
    };

    private static StatusCode OfHttp2(long error) => error switch
    {
        0x7 => StatusCode.Unavailable, // REFUSED_STREAM
        0x8 => StatusCode.Cancelled, // CANCEL
        0xB => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xC => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };
}
