using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client.Internal;

internal static partial class HttpCallLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Call {Method} ended with {StatusCode}: {Detail}")]
    public static partial void CallEnded(this ILogger logger, string method, StatusCode statusCode, string detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Call credentials of {Method} are not sent: the connection has no TLS.")]
    public static partial void CredentialsWithheld(this ILogger logger, string method);
}
