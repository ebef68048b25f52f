using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal sealed partial class SiloLifecycle
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Observer} failed to stop at stage {Stage}.")]
    private partial void LogStopFailed(string observer, int stage, Exception exception);
}
