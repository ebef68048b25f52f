using System.Text;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>What the caller is told when a method throws.</summary>
internal static class StatusOf
{
    public static Status Deadline { get; } = new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    public static Status Failure(Exception exception, HttpContextServerCallContext call, bool detailed)
    {
        if (call.DeadlineExceeded)
        {
            return Deadline;
        }

        return exception switch
        {
            RpcException rpc => rpc.Status,
            _ when call.HttpContext.RequestAborted.IsCancellationRequested => Status.DefaultCancelled,
            _ => new Status(StatusCode.Unknown, detailed ? Describe(exception) : "Exception was thrown by handler.", exception),
        };
    }

    private static string Describe(Exception exception)
    {
        var text = new StringBuilder("Exception was thrown by handler.");
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            text.Append(' ').Append(cause.GetType().Name).Append(": ").Append(cause.Message);
        }

        return text.ToString();
    }
}
