using System.Data.Common;
using System.Diagnostics;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>The statements of the one writing connection, made once for as long as it holds. Used by the writer's thread only.</summary>
internal sealed class LogWriter(ILogDatabase database) : IDisposable
{
    private static readonly TimeSpan s_countAge = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, DbCommand> _statements = [];
    private DbConnection? _connection;
    private object? _transaction;
    private int _sessionCount;
    private long _counted;

    /// <summary>Sessions, with those of the open transaction; where others write too, as of the last second.</summary>
    public int SessionCount
    {
        get
        {
            if (_connection is not null && database.IsShared && Stopwatch.GetElapsedTime(_counted) > s_countAge)
            {
                CountSessions();
            }

            return _sessionCount;
        }
    }

    /// <summary>What <see cref="SessionCount"/> was when somebody looked last. For any thread.</summary>
    public int LastSessionCount => Volatile.Read(ref _sessionCount);

    /// <summary>Connects, unless it is connected.</summary>
    public void Connect()
    {
        if (_connection is null)
        {
            _connection = database.OpenWriter();
            CountSessions();
        }
    }

    /// <summary>Gives up a connection that is lost.</summary>
    public void Disconnect()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
        _connection?.Dispose();
        _connection = null;
    }

    /// <summary>Begins a transaction whose commit waits for the disk or not.</summary>
    public void Begin(bool durable)
    {
        _transaction = null;
        _transaction = database.Begin(_connection!, durable);
    }

    public void Commit() => Run("COMMIT");

    public void Rollback()
    {
        if (_connection is { } connection)
        {
            database.Rollback(connection);
            CountSessions();
        }
    }

    /// <summary>After a lost connection: whether the transaction that was open took place all the same.</summary>
    public bool WasCommitted() => _transaction is not null && database.WasCommitted(_connection!, _transaction);

    public void SessionsChanged(int by) => _sessionCount += by;

    public int Run(string sql, params ReadOnlySpan<object?> values) => database.Bind(Statement(sql), values).ExecuteNonQuery();

    public DbDataReader Query(string sql, params ReadOnlySpan<object?> values) => database.Bind(Statement(sql), values).ExecuteReader();

    /// <summary>Runs an update of one session that must still belong to the handle: its last two parameters are row and epoch.</summary>
    public void UpdateSession(SessionHandle session, string assignments, params ReadOnlySpan<object?> values)
    {
        object?[] all = [.. values, session.Row, session.Epoch];
        var sql = $"UPDATE sessions SET {assignments} WHERE row_id = ${all.Length - 1} AND epoch = ${all.Length}";
        if (Run(sql, all) == 0)
        {
            throw new OrleansLMException(ErrorCode.Aborted, $"session '{session.SessionId}' was opened elsewhere or deleted: try again")
            {
                Reason = "SESSION_MOVED",
                RetryAfter = TimeSpan.Zero,
            };
        }
    }

    /// <summary>Adds tokens of an unfinished turn.</summary>
    public void AppendTokens(SessionHandle session, int position, ReadOnlySpan<int> ids)
    {
        UpdateSession(session, "length = $1", position + ids.Length);
        AddSegment(session.Row, position, ids);
    }

    public void AddSegment(long row, int position, ReadOnlySpan<int> ids)
    {
        if (ids.Length > 0)
        {
            Run("INSERT INTO segments (session, position, count, ids) VALUES ($1, $2, $3, $4)", row, position, ids.Length, TokenBlob.Encode(ids));
        }
    }

    public void Dispose() => Disconnect();

    private void CountSessions()
    {
        using var row = Query("SELECT COUNT(*) FROM sessions");
        row.Read();
        _sessionCount = (int)row.GetInt64(0);
        _counted = Stopwatch.GetTimestamp();
    }

    private DbCommand Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements[sql] = statement = _connection!.CreateCommand();
            statement.CommandText = sql;
        }

        return statement;
    }
}
