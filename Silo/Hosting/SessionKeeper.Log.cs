using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Hosting;

internal sealed partial class SessionKeeper
{
    [LoggerMessage(40, LogLevel.Warning, "Turn {TurnId} of session {SessionId} could not go on by itself; it goes on when it is resumed")]
    private partial void LogNotResumed(Exception failure, string sessionId, string turnId);

    [LoggerMessage(41, LogLevel.Information, "Session {SessionId} lay idle until its time was up and is deleted")]
    private partial void LogExpired(string sessionId);

    [LoggerMessage(42, LogLevel.Warning, "Expired sessions could not be looked up; they are next time")]
    private partial void LogNotExpired(Exception failure);

    [LoggerMessage(43, LogLevel.Warning, "Interrupted turns could not be looked up; they are next time")]
    private partial void LogNotListed(Exception failure);
}
