using Microsoft.Data.Sqlite;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>SQLite's result codes in the words of this system.</summary>
internal static class SqliteErrors
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    public static bool IsBusy(SqliteException failure) => failure.SqliteErrorCode is Busy or Locked;

    public static OrleansLMException Translate(SqliteException failure, string path) => failure.SqliteErrorCode switch
    {
        Full => new(ErrorCode.ResourceExhausted, $"the session log {path} cannot grow: the disk, or its limit, is full")
        {
            Reason = "SESSION_LOG_FULL",
            RetryAfter = TimeSpan.FromSeconds(30),
        },
        Busy or Locked => new(ErrorCode.Unavailable, $"the session log {path} is locked by another program")
        {
            Reason = "SESSION_LOG_BUSY",
            RetryAfter = TimeSpan.FromSeconds(1),
        },
        ReadOnly or InputOutput or CannotOpen => new(ErrorCode.Unavailable, $"the session log {path} cannot be read or written: {failure.Message}")
        {
            Reason = "SESSION_LOG_UNAVAILABLE",
            RetryAfter = TimeSpan.FromSeconds(5),
        },
        Corrupt or NotADatabase => new(ErrorCode.DataLoss, $"the session log {path} is damaged ({failure.Message}): restore it from a copy or name another file")
        {
            Reason = "SESSION_LOG_DAMAGED",
        },
        _ => new(ErrorCode.Internal, $"the session log {path} failed: {failure.Message}") { Reason = "SESSION_LOG_FAILED" },
    };
}
