using System.Data.Common;
using Microsoft.Data.Sqlite;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log.Sql;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>SQLite as a place for the log.</summary>
internal sealed class SqliteLogDatabase : ILogDatabase, IDisposable
{
    private readonly SessionLogOptions _options;
    private readonly string _writerText;
    private readonly string _readerText;
    private bool? _durable;

    public SqliteLogDatabase(string path, SessionLogOptions options)
    {
        (Place, _options) = (path, options);
        var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 };
        _writerText = text.ConnectionString;
        text.Pooling = true;
        _readerText = text.ConnectionString;
    }

    public string Place { get; }

    public bool IsShared => _options.Shared;

    public DbConnection OpenWriter()
    {
        var connection = new SqliteConnection(_writerText);
        try
        {
            connection.Open();
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON");
            LimitSize(connection);
            _durable = null;
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public DbConnection OpenReader()
    {
        var connection = new SqliteConnection(_readerText);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public DbTransaction BeginSnapshot(DbConnection connection) => ((SqliteConnection)connection).BeginTransaction(deferred: true);

    public DbParameter CreateParameter(int index) => new SqliteParameter { ParameterName = $"${index}" };

    public object? Begin(DbConnection connection, bool durable)
    {
        if (_durable != durable)
        {
            connection.Execute($"PRAGMA synchronous = {(durable ? "FULL" : "NORMAL")}");
            _durable = durable;
        }

        connection.Execute("BEGIN IMMEDIATE");
        return null;
    }

    public void Rollback(DbConnection connection)
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(((SqliteConnection)connection).Handle!) == 0)
        {
            connection.Execute("ROLLBACK");
        }
    }

    /// <summary>A file answers: what did not return from its commit was not committed.</summary>
    public bool WasCommitted(DbConnection connection, object? transaction) => false;

    public bool IsOutage(Exception failure) => failure is SqliteException sqlite && SqliteErrors.IsBusy(sqlite);

    public OrleansLMException Translate(Exception failure) => failure switch
    {
        OrleansLMException known => known,
        SqliteException sqlite => SqliteErrors.Translate(sqlite, Place),
        _ => new(ErrorCode.Internal, $"the session log {Place} failed: {failure.Message}") { Reason = "SESSION_LOG_FAILED" },
    };

    public void Dispose()
    {
        using var connection = new SqliteConnection(_readerText);
        SqliteConnection.ClearPool(connection);
    }

    private void LimitSize(SqliteConnection connection)
    {
        if (_options.MaxBytes > 0)
        {
            using var size = connection.CreateCommand();
            size.CommandText = "PRAGMA page_size";
            connection.Execute($"PRAGMA max_page_count = {Math.Max(1, _options.MaxBytes / (long)size.ExecuteScalar()!)}");
        }
    }
}
