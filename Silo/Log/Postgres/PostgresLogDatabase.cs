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
    private readonly NpgsqlDataSource _source;
    private readonly string _writerText;
    private readonly string _writer = Guid.NewGuid().ToString("N");
    private long _number;

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

    /// <summary>
    /// Every commit waits for the disk: a server that crashes must not take away what silos that live on believe to be written. Each transaction numbers itself in
    /// this writer's row of <c>commits</c>; the server's own transaction ids say nothing after a crash, which may give one that was not on the disk to another writer.
    /// </summary>
    public object? Begin(DbConnection connection, bool durable)
    {
        using var batch = connection.CreateBatch();
        Add(batch, "BEGIN");
        Add(batch, "INSERT INTO commits (writer, number) VALUES ($1, $2) ON CONFLICT (writer) DO UPDATE SET number = $2, time = now()", _writer, ++_number);
        batch.ExecuteNonQuery();
        return _number;
    }

    public void Rollback(DbConnection connection) => connection.Execute("ROLLBACK");

    /// <summary>Writing the row waits for the end of a transaction that still holds it. Rows of writers that are long gone go with this.</summary>
    public bool WasCommitted(DbConnection connection, object? transaction)
    {
        connection.Execute("DELETE FROM commits WHERE time < now() - interval '30 days'");
        using var command = this.Prepare(
            connection, "INSERT INTO commits (writer, number) VALUES ($1, 0) ON CONFLICT (writer) DO UPDATE SET time = now() RETURNING number", _writer);
        return command.ExecuteScalar() is long number && number == (long)transaction!;
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

    private static void Add(DbBatch batch, string sql, params ReadOnlySpan<object> values)
    {
        var command = batch.CreateBatchCommand();
        command.CommandText = sql;
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
    }
}
