using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Activations;

internal sealed partial class ActivationHost
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Grain {Grain} could not be activated.")]
    public partial void LogActivationFailed(GrainId grain, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Grain {Grain} failed to deactivate.")]
    public partial void LogDeactivationFailed(GrainId grain, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Grain {Grain} could not be moved.")]
    public partial void LogMigrationFailed(GrainId grain, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Grain {Grain} could not be disposed of.")]
    public partial void LogDisposeFailed(GrainId grain, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "A timer of grain {Grain} failed.")]
    public partial void LogTimerFailed(GrainId grain, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A stream of grain {Grain} did not end well.")]
    public partial void LogStreamEndFailed(GrainId grain, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody waits any more: {Request}")]
    public partial void LogRequestExpired(Message request);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A one-way request failed: {Request}")]
    public partial void LogOneWayFailed(Message request, Exception exception);
}
