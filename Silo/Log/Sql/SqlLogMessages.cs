using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Log.Sql;

internal static partial class SqlLogMessages
{
    [LoggerMessage(1, LogLevel.Information, "Session log {Place}: {Sessions} sessions, schema version {Version}")]
    public static partial void Opened(ILogger logger, string place, int sessions, int version);

    [LoggerMessage(2, LogLevel.Warning, "{Count} tokens of turn {TurnId} of session {SessionId} could not be logged yet; they are sampled again after a crash")]
    public static partial void TailFailed(ILogger logger, Exception failure, string sessionId, string turnId, int count);

    [LoggerMessage(3, LogLevel.Error, "A group of {Count} writes failed")]
    public static partial void GroupFailed(ILogger logger, Exception failure, int count);

    [LoggerMessage(4, LogLevel.Warning, "The session log {Place} is away; writes wait for it")]
    public static partial void Away(ILogger logger, Exception failure, string place);

    [LoggerMessage(6, LogLevel.Warning, "A write was refused, because the epoch that it names is over: {Reason}")]
    public static partial void Fenced(ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Warning, "The session log {Place} is back after {Seconds:F1} s")]
    public static partial void Back(ILogger logger, string place, double seconds);
}
