using Google.Rpc;

namespace Grpc.Core;

public static class ExceptionExtensions
{
    /// <summary>The exception, and <paramref name="innerDepth"/> inner ones, as a detail for developers.</summary>
    public static DebugInfo ToRpcDebugInfo(this Exception exception, int innerDepth = 0)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var info = new DebugInfo { Detail = $"{exception.GetType().FullName}: {exception.Message}" };
        Exception? cause = exception;
        for (int depth = 0; cause is not null && depth <= innerDepth; depth++)
        {
            if (depth > 0)
            {
                info.StackEntries.Add($"InnerException: {cause.GetType().FullName}: {cause.Message}");
            }

            info.StackEntries.AddRange((cause.StackTrace ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            cause = cause.InnerException;
        }

        return info;
    }
}
