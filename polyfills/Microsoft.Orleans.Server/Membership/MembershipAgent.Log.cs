using Microsoft.Extensions.Logging;

namespace Orleans.Runtime.Membership;

internal sealed partial class MembershipAgent
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership could not be read or written; it is tried again.")]
    private partial void LogTableFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Predecessor} ran at this silo's endpoint before; it is declared dead.")]
    private partial void LogPredecessor(SiloAddress predecessor);

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting to join: no answer yet from {Silos}: {Reason}")]
    private partial void LogJoinWaits(string silos, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Silo} did not become active within {Limit}; it is declared dead.")]
    private partial void LogNeverJoined(SiloAddress silo, TimeSpan limit);
}
