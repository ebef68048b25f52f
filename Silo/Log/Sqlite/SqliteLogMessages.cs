using Microsoft.Extensions.Logging;

namespace OrleansLM.Silo.Log.Sqlite;

internal static partial class SqliteLogMessages
{
    [LoggerMessage(1, LogLevel.Information, "Session log {Path}: {Sessions} sessions, schema version {Version}")]
    public static partial void Opened(ILogger logger, string path, int sessions, int version);

    [LoggerMessage(2, LogLevel.Warning, "{Count} tokens of turn {TurnId} of session {SessionId} could not be logged yet; they are sampled again after a crash")]
    public static partial void TailFailed(ILogger logger, Exception failure, string sessionId, string turnId, int count);

    [LoggerMessage(3, LogLevel.Error, "A group of {Count} writes failed")]
    public static partial void GroupFailed(ILogger logger, Exception failure, int count);
}
