using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal sealed partial class SiloHostedService
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Name} at {Address} is active.")]
    private partial void LogStarted(string name, SiloAddress address);

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Name} at {Address} has stopped.")]
    private partial void LogStopped(string name, SiloAddress address);
}
