using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Sessions;

internal sealed partial class InterruptedTurns
{
    [LoggerMessage(
        21, LogLevel.Warning, "Turn {TurnId} of session {SessionId} began on {Before} and goes on on {Now}: tokens that were delivered but not logged may come out otherwise")]
    private static partial void LogOtherBackend(ILogger logger, string sessionId, string turnId, string before, string now);
}
