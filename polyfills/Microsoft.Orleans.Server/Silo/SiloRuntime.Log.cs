using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal sealed partial class SiloRuntime
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Silo} says that this silo was declared dead.")]
    private partial void LogDisowned(SiloAddress silo);
}
