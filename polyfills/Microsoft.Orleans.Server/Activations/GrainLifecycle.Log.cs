using Microsoft.Extensions.Logging;

namespace Orleans.Runtime.Activations;

internal sealed partial class GrainLifecycle
{
    [LoggerMessage(Level = LogLevel.Error, Message = "{Observer} of grain {Grain} failed to stop.")]
    private partial void LogStopFailed(string observer, GrainId grain, Exception exception);
}
