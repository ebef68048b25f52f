using System.Text.Json;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>Changes to sessions as a whole.</summary>
internal static class SessionWrites
{
    public static void Create(
        LogWriter writes, SessionRecord session, ReadOnlySpan<int> tokens, IReadOnlyList<CheckpointInfo> checkpoints, IReadOnlyList<TurnRecord> turns, int maxSessions)
    {
        CheckFree(writes, session.SessionId, maxSessions);
        var row = Insert(writes, session, tokens.Length) ?? throw Exists(session.SessionId);
        writes.AddSegment(row, 0, tokens);
        foreach (var checkpoint in checkpoints)
        {
            InsertCheckpoint(writes, row, checkpoint);
        }

        foreach (var turn in turns)
        {
            TurnWrites.Insert(writes, row, turn);
        }

        writes.SessionsChanged(1);
    }

    public static SessionHandle? Claim(LogWriter writes, string sessionId, string owner)
    {
        using var row = writes.Query("UPDATE sessions SET epoch = epoch + 1, owner = $2 WHERE session_id = $1 RETURNING row_id, epoch", sessionId, owner);
        return row.Read() ? new SessionHandle(row.GetInt64(0), sessionId, row.GetInt64(1)) : null;
    }

    public static void Rollback(LogWriter writes, SessionHandle session, int position, DateTimeOffset time)
    {
        writes.UpdateSession(session, "length = $1, update_time = $2", position, time.UtcTicks);
        TruncateTokens(writes, session.Row, position);
        writes.Run(
            $"UPDATE turns SET state = {(int)TurnState.RolledBack} WHERE session = $1 AND state = {(int)TurnState.Ended} "
            + "AND start_position + prompt_tokens + generated_tokens > $2",
            session.Row,
            position);
        writes.Run("DELETE FROM checkpoints WHERE session = $1 AND position > $2", session.Row, position);
    }

    public static void AddCheckpoint(LogWriter writes, SessionHandle session, CheckpointInfo checkpoint)
    {
        writes.UpdateSession(session, "epoch = epoch");
        InsertCheckpoint(writes, session.Row, checkpoint);
    }

    public static void RemoveCheckpoint(LogWriter writes, SessionHandle session, string name)
    {
        writes.UpdateSession(session, "epoch = epoch");
        writes.Run("DELETE FROM checkpoints WHERE session = $1 AND name = $2", session.Row, name);
    }

    public static void Delete(LogWriter writes, SessionHandle session)
    {
        writes.UpdateSession(session, "epoch = epoch");
        writes.Run("DELETE FROM sessions WHERE row_id = $1", session.Row);
        writes.SessionsChanged(-1);
    }

    /// <summary>Drops segments from a position on, and shortens the one that crosses it.</summary>
    public static void TruncateTokens(LogWriter writes, long session, int position)
    {
        var crossing = Crossing(writes, session, position);
        writes.Run("DELETE FROM segments WHERE session = $1 AND position + count > $2", session, position);
        if (crossing is var (start, ids))
        {
            writes.AddSegment(session, start, ids.AsSpan(0, position - start));
        }
    }

    private static (int Start, int[] Ids)? Crossing(LogWriter writes, long session, int position)
    {
        using var row = writes.Query(
            "SELECT position, count, ids FROM segments WHERE session = $1 AND position < $2 AND position + count > $2", session, position);
        if (!row.Read())
        {
            return null;
        }

        var ids = new int[row.GetInt32(1)];
        TokenBlob.Decode(row.GetFieldValue<byte[]>(2), ids);
        return (row.GetInt32(0), ids);
    }

    private static void CheckFree(LogWriter writes, string sessionId, int maxSessions)
    {
        if (RowOf(writes, sessionId) is not null)
        {
            throw Exists(sessionId);
        }

        if (writes.SessionCount >= maxSessions)
        {
            throw new OrleansLMException(ErrorCode.ResourceExhausted, $"{writes.SessionCount} sessions are open, the limit is {maxSessions}: delete some, or raise MaxOpenSessions")
            {
                Reason = "TOO_MANY_SESSIONS",
            };
        }
    }

    /// <summary>Null when another silo took the name since it was found free.</summary>
    private static long? Insert(LogWriter writes, SessionRecord session, int length)
    {
        using var row = writes.Query(
            "INSERT INTO sessions (session_id, epoch, model, create_time, update_time, time_to_live, expire_time, tenant, metadata, sampling_defaults, "
            + "stop_defaults, parent_session_id, parent_position, length, last_turn) VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
            + "ON CONFLICT (session_id) DO NOTHING RETURNING row_id",
            session.SessionId,
            session.Model,
            session.CreateTime.UtcTicks,
            session.UpdateTime.UtcTicks,
            session.TimeToLive?.Ticks,
            session.ExpireTime?.UtcTicks,
            session.Tenant,
            JsonSerializer.Serialize(new Dictionary<string, string>(session.Metadata), LogJson.Default.DictionaryStringString),
            JsonSerializer.Serialize(session.SamplingDefaults, LogJson.Default.SamplingSettings),
            JsonSerializer.Serialize(session.StopDefaults, LogJson.Default.StopSettings),
            session.ParentSessionId,
            session.ParentPosition,
            length,
            session.LastTurnId);
        return row.Read() ? row.GetInt64(0) : null;
    }

    private static OrleansLMException Exists(string sessionId) =>
        new(ErrorCode.AlreadyExists, $"session '{sessionId}' exists already") { Field = "session_id" };

    private static long? RowOf(LogWriter writes, string sessionId)
    {
        using var row = writes.Query("SELECT row_id FROM sessions WHERE session_id = $1", sessionId);
        return row.Read() ? row.GetInt64(0) : null;
    }

    private static void InsertCheckpoint(LogWriter writes, long row, CheckpointInfo checkpoint) => writes.Run(
        "INSERT INTO checkpoints (session, name, position, create_time) VALUES ($1, $2, $3, $4)",
        row,
        checkpoint.Name,
        checkpoint.Position,
        checkpoint.CreateTime.UtcTicks);
}
