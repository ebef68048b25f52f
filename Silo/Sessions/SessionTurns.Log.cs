using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Sessions;

internal sealed partial class SessionTurns
{
    [LoggerMessage(20, LogLevel.Information, "Session {SessionId} takes up turn {TurnId} again after {Logged} logged tokens; the state of {Computed} tokens is there, that of {Again} is computed again")]
    private static partial void LogTakenUp(ILogger logger, string sessionId, string turnId, int logged, int computed, int again);
}
