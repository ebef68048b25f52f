using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Log.Sql;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>
/// The log in one SQLite file with a write-ahead log. Unless it is shared, a lock file keeps a second process out, and vanishes with the process that
/// holds it. Where it is shared, processes take turns at writing.
/// </summary>
public sealed class SqliteSessionLog(IOptions<SessionLogOptions> options, SiloMetrics metrics, ILogger<SqliteSessionLog> logger) : SqlSessionLog(options, metrics, logger)
{
    private FileStream? _lock;
    private SqliteLogDatabase? _database;

    private protected override int SchemaVersion => SqliteSchema.Version;

    private protected override Task<ILogDatabase> OpenDatabaseAsync(CancellationToken cancellationToken) => Task.Run<ILogDatabase>(Open, cancellationToken);

    private protected override ValueTask CloseDatabaseAsync()
    {
        _database?.Dispose();
        _lock?.Dispose();
        return ValueTask.CompletedTask;
    }

    private SqliteLogDatabase Open()
    {
        var path = Path.GetFullPath(Options.Path);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _lock = Options.Shared ? null : new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            _database = new SqliteLogDatabase(path, Options);
            using var connection = _database.OpenWriter();
            SqliteSchema.Upgrade((SqliteConnection)connection);
            return _database;
        }
        catch (SqliteException failure)
        {
            _lock?.Dispose();
            throw SqliteErrors.Translate(failure, path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OrleansLMException(ErrorCode.Unavailable, $"the session log {path} cannot be opened, or another process has it open: {failure.Message}")
            {
                Reason = "SESSION_LOG_UNAVAILABLE",
            };
        }
        catch (OrleansLMException)
        {
            _lock?.Dispose();
            throw;
        }
    }
}
