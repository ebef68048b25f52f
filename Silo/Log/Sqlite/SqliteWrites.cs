using Microsoft.Data.Sqlite;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>The statements of the one writing connection, prepared once. Used by the writer's thread only.</summary>
internal sealed class SqliteWrites(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> _statements = [];
    private bool? _durable;

    /// <summary>Sessions, with those of the open transaction.</summary>
    public int SessionCount { get; private set; }

    /// <summary>Begins a transaction whose commit waits for the disk or not.</summary>
    public void Begin(bool durable)
    {
        if (_durable != durable)
        {
            connection.Execute($"PRAGMA synchronous = {(durable ? "FULL" : "NORMAL")}");
            _durable = durable;
        }

        Run("BEGIN IMMEDIATE");
    }

    public void Commit() => Run("COMMIT");

    /// <summary>Undoes the open transaction, unless SQLite has done so already.</summary>
    public void Rollback()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(connection.Handle!) == 0)
        {
            Run("ROLLBACK");
        }

        CountSessions();
    }

    public void CountSessions()
    {
        using var row = Query("SELECT COUNT(*) FROM sessions");
        row.Read();
        SessionCount = row.GetInt32(0);
    }

    public void SessionsChanged(int by) => SessionCount += by;

    public int Run(string sql, params ReadOnlySpan<object?> values) => Statement(sql).Bind(values).ExecuteNonQuery();

    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> values) => Statement(sql).Bind(values).ExecuteReader();

    /// <summary>Runs an update of one session that must still belong to the handle: its last two parameters are row and epoch.</summary>
    public void UpdateSession(SessionHandle session, string assignments, params ReadOnlySpan<object?> values)
    {
        object?[] all = [.. values, session.Row, session.Epoch];
        var sql = $"UPDATE sessions SET {assignments} WHERE row_id = ?{all.Length - 1} AND epoch = ?{all.Length}";
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
        UpdateSession(session, "length = ?1", position + ids.Length);
        AddSegment(session.Row, position, ids);
    }

    public void AddSegment(long row, int position, ReadOnlySpan<int> ids)
    {
        if (ids.Length > 0)
        {
            Run("INSERT INTO segments (session, position, count, ids) VALUES (?1, ?2, ?3, ?4)", row, position, ids.Length, TokenBlob.Encode(ids));
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        connection.Dispose();
    }

    private SqliteCommand Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            _statements[sql] = statement = connection.CreateCommand();
            statement.CommandText = sql;
        }

        return statement;
    }
}
