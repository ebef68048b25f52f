using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

internal static partial class CallHandlerLog
{
    [LoggerMessage(EventId = 6, Level = LogLevel.Error, Message = "Error when executing service method '{Method}'.")]
    public static partial void CallFailed(this ILogger logger, Exception exception, string method);

    [LoggerMessage(EventId = 7, Level = LogLevel.Information, Message = "Service method '{Method}' ended with {StatusCode}.")]
    public static partial void CallRefused(this ILogger logger, Exception exception, string method, StatusCode statusCode);
}
