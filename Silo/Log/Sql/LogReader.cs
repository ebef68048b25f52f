using System.Data.Common;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>Queries; each on a connection of its own from the pool, in one snapshot, beside the writer and never behind it.</summary>
internal sealed class LogReader(ILogDatabase database, TimeSpan outageLimit)
{
    public Task<StoredSession?> SessionAsync(SessionHandle handle) => SnapshotAsync(connection =>
    {
        var session = Single(connection, $"SELECT {LogRows.SessionColumns} FROM sessions WHERE row_id = $1", LogRows.Session, handle.Row);
        return session is null ? null : new StoredSession
        {
            Handle = handle,
            Session = session,
            Checkpoints = Checkpoints(connection, handle.Row),
            Turns = All(connection, $"SELECT {LogRows.TurnColumns} FROM turns WHERE session = $1 ORDER BY row_id", LogRows.Turn, handle.Row),
        };
    });

    /// <summary>DataLoss when the segments do not cover [start, end) exactly once.</summary>
    public Task<int[]> TokensAsync(SessionHandle session, int start, int end) => SnapshotAsync(connection =>
    {
        var ids = new int[end - start];
        var at = start;
        using var command = database.Prepare(
            connection,
            "SELECT position, count, ids FROM segments WHERE session = $1 AND position < $2 AND position + count > $3 ORDER BY position", session.Row, end, start);
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            at = CopySegment(row, session, start, at, ids);
        }

        return at == end ? ids : throw Gap(session, at, end);
    });

    public Task<List<ListedSession>> ListAsync(SessionFilter filter, long beforeRow, int limit) => SnapshotAsync(connection =>
    {
        var sql = $"SELECT {LogRows.SessionColumns} FROM sessions WHERE row_id < $1 AND (CAST($2 AS TEXT) IS NULL OR tenant = $2) AND (CAST($3 AS TEXT) IS NULL OR model = $3) "
            + "ORDER BY row_id DESC LIMIT $4";
        var found = All(connection, sql, row => (Row: row.GetInt64(0), Session: LogRows.Session(row)), beforeRow, filter.Tenant, filter.Model, limit);
        return found.ConvertAll(entry => new ListedSession(entry.Row, entry.Session, Checkpoints(connection, entry.Row)));
    });

    public Task<List<string>> ExpiredAsync(DateTimeOffset now, int limit) => SnapshotAsync(connection => All(
        connection,
        "SELECT session_id FROM sessions WHERE expire_time <= $1 ORDER BY expire_time LIMIT $2",
        row => row.GetString(0),
        now.UtcTicks,
        limit));

    public Task<List<UnfinishedTurn>> UnfinishedAsync() => SnapshotAsync(connection => All(
        connection,
        "SELECT session_id, active_turn, parameters, owner FROM sessions JOIN turns ON session = sessions.row_id AND turn_id = active_turn "
        + "WHERE active_turn IS NOT NULL ORDER BY sessions.row_id",
        LogRows.Unfinished));

    private List<CheckpointInfo> Checkpoints(DbConnection connection, long row) => All(
        connection, "SELECT name, position, create_time FROM checkpoints WHERE session = $1 ORDER BY position, name", LogRows.Checkpoint, row);

    private static int CopySegment(DbDataReader row, SessionHandle session, int start, int at, int[] ids)
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

    private T? Single<T>(DbConnection connection, string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
        where T : class
    {
        using var command = database.Prepare(connection, sql, values);
        using var row = command.ExecuteReader();
        return row.Read() ? read(row) : null;
    }

    private List<T> All<T>(DbConnection connection, string sql, Func<DbDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        using var command = database.Prepare(connection, sql, values);
        using var row = command.ExecuteReader();
        var found = new List<T>();
        while (row.Read())
        {
            found.Add(read(row));
        }

        return found;
    }

    private async Task<T> SnapshotAsync<T>(Func<DbConnection, T> read)
    {
        var outage = new Outage(outageLimit);
        while (true)
        {
            try
            {
                return await Task.Run(() => Read(read));
            }
            catch (Exception failure) when (database.IsOutage(failure) && outage.TryNext() is { } pause)
            {
                await Task.Delay(pause);
            }
            catch (DbException failure)
            {
                throw database.Translate(failure);
            }
        }
    }

    private T Read<T>(Func<DbConnection, T> read)
    {
        using var connection = database.OpenReader();
        using var transaction = database.BeginSnapshot(connection);
        return read(connection);
    }
}
