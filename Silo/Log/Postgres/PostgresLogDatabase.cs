using System.Data;
using System.Data.Common;
using System.Net.Sockets;
using Npgsql;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log.Sql;

namespace OrleansLM.Silo.Log.Postgres;

/// <summary>PostgreSQL as a place for the log.</summary>
internal sealed class PostgresLogDatabase : ILogDatabase, IAsyncDisposable
{
    private const int MaxStatusQueries = 100;
    private static readonly TimeSpan s_statusPause = TimeSpan.FromMilliseconds(50);

    private readonly NpgsqlDataSource _source;
    private readonly string _writerText;

    private PostgresLogDatabase(NpgsqlConnectionStringBuilder text)
    {
        Place = $"{text.Host}:{text.Port}/{text.Database}";
        _source = NpgsqlDataSource.Create(text.ConnectionString);
        text.Pooling = false;
        _writerText = text.ConnectionString;
    }

    public string Place { get; }

    public bool IsShared => true;

    /// <exception cref="OrleansLMException">InvalidArgument: the text cannot be read.</exception>
    public static PostgresLogDatabase Create(string? connectionString)
    {
        try
        {
            var text = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "OrleansLM", MaxAutoPrepare = 64, AutoPrepareMinUsages = 2 };
            text.Timeout = Math.Min(text.Timeout, 5);

            // A silo that is frozen inside a transaction must not hold its rows: whoever takes its sessions over waits for them.
            text.Options = $"-c idle_in_transaction_session_timeout=2000 -c default_transaction_isolation=read\\ committed {text.Options}".TrimEnd();
            return new PostgresLogDatabase(text);
        }
        catch (ArgumentException failure)
        {
            throw OrleansLMException.Invalid("SessionLog:ConnectionString", $"{failure.Message}; expected a form such as Host=127.0.0.1;Database=orleanslm;Username=orleanslm");
        }
    }

    public DbConnection OpenWriter()
    {
        var connection = new NpgsqlConnection(_writerText);
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

    public DbConnection OpenReader() => _source.OpenConnection();

    public DbTransaction BeginSnapshot(DbConnection connection) => connection.BeginTransaction(IsolationLevel.RepeatableRead);

    public DbParameter CreateParameter(int index) => new NpgsqlParameter();

    /// <summary>Every commit waits for the disk: a server that crashes must not take away what silos that live on believe to be written.</summary>
    public object? Begin(DbConnection connection, bool durable)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "BEGIN; SELECT pg_current_xact_id()::text";
        return command.ExecuteScalar();
    }

    public void Rollback(DbConnection connection) => connection.Execute("ROLLBACK");

    public bool WasCommitted(DbConnection connection, object? transaction)
    {
        for (var query = 0; query < MaxStatusQueries; query++)
        {
            if (StatusOf(connection, transaction) is var status && status != "in progress")
            {
                return status == "committed";
            }

            Thread.Sleep(s_statusPause);
        }

        throw new TimeoutException($"transaction {transaction} is still in progress");
    }

    public bool IsOutage(Exception failure) => failure switch
    {
        PostgresException postgres => PostgresErrors.IsOutage(postgres.SqlState),
        NpgsqlException or SocketException or IOException or TimeoutException => true,
        _ => false,
    };

    public OrleansLMException Translate(Exception failure) => failure switch
    {
        OrleansLMException known => known,
        _ when IsOutage(failure) => PostgresErrors.Away(failure, Place),
        PostgresException postgres => PostgresErrors.Translate(postgres, Place),
        _ => new(ErrorCode.Internal, $"the session log {Place} failed: {failure.Message}") { Reason = "SESSION_LOG_FAILED" },
    };

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static string? StatusOf(DbConnection connection, object? transaction)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT pg_xact_status('{transaction}'::xid8)";
        return command.ExecuteScalar() as string;
    }
}
