using Microsoft.Data.Sqlite;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>Queries; each on a connection of its own from the pool, in one snapshot, beside the writer and never behind it.</summary>
internal sealed class SqliteReads(string connectionString, string path) : IDisposable
{
    public StoredSession? Session(SessionHandle handle) => Snapshot(connection =>
    {
        var session = Single(connection, $"SELECT {SqliteRows.SessionColumns} FROM sessions WHERE row_id = ?1", SqliteRows.Session, handle.Row);
        return session is null ? null : new StoredSession
        {
            Handle = handle,
            Session = session,
            Checkpoints = Checkpoints(connection, handle.Row),
            Turns = All(connection, $"SELECT {SqliteRows.TurnColumns} FROM turns WHERE session = ?1 ORDER BY row_id", SqliteRows.Turn, handle.Row),
        };
    });

    /// <summary>DataLoss when the segments do not cover [start, end) exactly once.</summary>
    public int[] Tokens(SessionHandle session, int start, int end) => Snapshot(connection =>
    {
        var ids = new int[end - start];
        var at = start;
        using var command = connection.Prepare(
            "SELECT position, count, ids FROM segments WHERE session = ?1 AND position < ?2 AND position + count > ?3 ORDER BY position", session.Row, end, start);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            at = CopySegment(row, session, start, at, ids);
        }

        return at == end ? ids : throw Gap(session, at, end);
    });

    public List<ListedSession> List(SessionFilter filter, long beforeRow, int limit) => Snapshot(connection =>
    {
        var sql = $"SELECT {SqliteRows.SessionColumns} FROM sessions WHERE row_id < ?1 AND (?2 IS NULL OR tenant = ?2) AND (?3 IS NULL OR model = ?3) "
            + "ORDER BY row_id DESC LIMIT ?4";
        var found = All(connection, sql, row => (Row: row.GetInt64(0), Session: SqliteRows.Session(row)), beforeRow, filter.Tenant, filter.Model, limit);
        return found.ConvertAll(entry => new ListedSession(entry.Row, entry.Session, Checkpoints(connection, entry.Row)));
    });

    public List<string> Expired(DateTimeOffset now, int limit) => Snapshot(connection => All(
        connection,
        "SELECT session_id FROM sessions WHERE expire_time <= ?1 ORDER BY expire_time LIMIT ?2",
        row => row.GetString(0),
        now.UtcTicks,
        limit));

    public List<UnfinishedTurn> Unfinished() => Snapshot(connection => All(
        connection,
        "SELECT session_id, active_turn, parameters FROM sessions JOIN turns ON session = sessions.row_id AND turn_id = active_turn "
        + "WHERE active_turn IS NOT NULL ORDER BY sessions.row_id",
        SqliteRows.Unfinished));

    public void Dispose()
    {
        using var connection = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private static List<CheckpointInfo> Checkpoints(SqliteConnection connection, long row) => All(
        connection, "SELECT name, position, create_time FROM checkpoints WHERE session = ?1 ORDER BY position, name", SqliteRows.Checkpoint, row);

    private static int CopySegment(SqliteDataReader row, SessionHandle session, int start, int at, int[] ids)
    {
        var (position, count) = (row.GetInt32(0), row.GetInt32(1));
        if (position > at)
        {
            throw Gap(session, at, position);
        }

        var segment = new int[count];
        TokenBlob.Decode(row.GetFieldValue<byte[]>(2), segment);
        var wanted = segment.AsSpan(at - position);
        wanted = wanted[..Math.Min(wanted.Length, start + ids.Length - at)];
        wanted.CopyTo(ids.AsSpan(at - start));
        return at + wanted.Length;
    }

    private static OrleansLMException Gap(SessionHandle session, int at, int end) =>
        new(ErrorCode.DataLoss, $"session '{session.SessionId}': tokens [{at}, {end}) are missing from the log") { Reason = "SESSION_LOG_DAMAGED" };

    private static T? Single<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
        where T : class
    {
        using var command = connection.Prepare(sql, values);
        using var row = command.ExecuteReader();
        return row.Read() ? read(row) : null;
    }

    private static List<T> All<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        using var command = connection.Prepare(sql, values);
        using var row = command.ExecuteReader();
        var found = new List<T>();
        while (row.Read())
        {
            found.Add(read(row));
        }

        return found;
    }

    private T Snapshot<T>(Func<SqliteConnection, T> read)
    {
        try
        {
            using var connection = new SqliteConnection(connectionString);
            connection.Open();
            using var transaction = connection.BeginTransaction(deferred: true);
            return read(connection);
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Translate(failure, path);
        }
    }
}
