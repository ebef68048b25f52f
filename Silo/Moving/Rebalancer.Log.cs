using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Moving;

internal sealed partial class Rebalancer
{
    [LoggerMessage(125, LogLevel.Warning, "Load could not be evened out by moving a session to {Target}; it is looked at again in {Interval}")]
    private partial void LogNotBalanced(Exception failure, string target, TimeSpan interval);
}
