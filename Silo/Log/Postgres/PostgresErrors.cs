using Npgsql;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log.Postgres;

/// <summary>PostgreSQL's states in the words of this system.</summary>
internal static class PostgresErrors
{
    private const string IdleInTransactionTimeout = "25P03";

    /// <summary>The server goes, comes or is crowded, a transaction was idle too long, or two silos wanted the same rows in another order.</summary>
    public static bool IsOutage(string state) => state is
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections
        or IdleInTransactionTimeout or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
        or PostgresErrorCodes.LockNotAvailable || state.StartsWith("08", StringComparison.Ordinal);

    public static OrleansLMException Away(Exception failure, string place) => new(ErrorCode.Unavailable, $"the session log {place} cannot be reached: {failure.Message}")
    {
        Reason = "SESSION_LOG_UNAVAILABLE",
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    public static OrleansLMException Translate(PostgresException failure, string place) => failure.SqlState switch
    {
        PostgresErrorCodes.DiskFull or PostgresErrorCodes.OutOfMemory => new(ErrorCode.ResourceExhausted, $"the session log {place} cannot grow: {failure.MessageText}")
        {
            Reason = "SESSION_LOG_FULL",
            RetryAfter = TimeSpan.FromSeconds(30),
        },
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => new(ErrorCode.DataLoss, $"the session log {place} is damaged: {failure.MessageText}")
        {
            Reason = "SESSION_LOG_DAMAGED",
        },
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName
            or PostgresErrorCodes.InsufficientPrivilege => new(ErrorCode.FailedPrecondition, $"the session log {place} refuses: {failure.MessageText}; check SessionLog:ConnectionString")
            {
                Reason = "SESSION_LOG_REFUSED",
            },
        _ => new(ErrorCode.Internal, $"the session log {place} failed: {failure.SqlState} {failure.MessageText}") { Reason = "SESSION_LOG_FAILED" },
    };
}
