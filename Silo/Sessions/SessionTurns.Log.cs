using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Sessions;

internal sealed partial class SessionTurns
{
    [LoggerMessage(20, LogLevel.Information, "Session {SessionId} takes up turn {TurnId} again after {Logged} logged tokens")]
    private static partial void LogTakenUp(ILogger logger, string sessionId, string turnId, int logged);

    [LoggerMessage(
        21, LogLevel.Warning, "Turn {TurnId} of session {SessionId} began on {Before} and goes on on {Now}: tokens that were delivered but not logged may come out otherwise")]
    private static partial void LogOtherBackend(ILogger logger, string sessionId, string turnId, string before, string now);
}
