using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Sessions;

internal sealed partial class TurnRunner
{
    [LoggerMessage(10, LogLevel.Warning, "Turn {TurnId} of session {SessionId} failed and leaves no trace: {Reason}")]
    private static partial void LogFailed(ILogger logger, Exception failure, string sessionId, string turnId, string reason);

    [LoggerMessage(11, LogLevel.Warning, "Turn {TurnId} of session {SessionId} was interrupted after {Tokens} tokens: {Reason}")]
    private static partial void LogInterrupted(ILogger logger, string sessionId, string turnId, int tokens, string reason);

    [LoggerMessage(12, LogLevel.Error, "How turn {TurnId} of session {SessionId} ended could not be logged; the log is read again at the next call")]
    private static partial void LogNotLogged(ILogger logger, Exception failure, string sessionId, string turnId);
}
