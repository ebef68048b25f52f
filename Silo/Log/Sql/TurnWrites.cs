using System.Text.Json;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>Changes to turns.</summary>
internal static class TurnWrites
{
    public static void Begin(LogWriter writes, SessionHandle session, TurnRecord turn, ReadOnlySpan<int> prompt, DateTimeOffset? expireTime)
    {
        writes.UpdateSession(
            session, "active_turn = $1, last_turn = $1, update_time = $2, expire_time = $3", turn.TurnId, turn.CreateTime.UtcTicks, expireTime?.UtcTicks);
        Insert(writes, session.Row, turn);
        writes.AddSegment(session.Row, turn.StartPosition, prompt);
    }

    /// <summary>A turn as it stands, ended or not.</summary>
    public static void Insert(LogWriter writes, long session, TurnRecord turn) => writes.Run(
        "INSERT INTO turns (session, turn_id, state, start_position, prompt_tokens, parameters, fingerprint, backend_kind, idempotency_key, command_hash, create_time, "
        + "end_time, finish_reason, generated_tokens, prefilled_tokens, queue_time, time_to_first_token, total_time) "
        + "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        session,
        turn.TurnId,
        (int)turn.State,
        turn.StartPosition,
        turn.PromptTokens,
        JsonSerializer.Serialize(turn.Parameters, LogJson.Default.TurnParameters),
        turn.Fingerprint,
        turn.BackendKind,
        turn.IdempotencyKey,
        turn.CommandHash,
        turn.CreateTime.UtcTicks,
        turn.End is { } end ? (turn.CreateTime + end.TotalTime).UtcTicks : null,
        (int)(turn.End?.Reason ?? default),
        turn.End?.GeneratedTokens ?? 0,
        turn.End?.PrefilledTokens ?? 0,
        turn.End?.QueueTime.Ticks ?? 0L,
        turn.End?.TimeToFirstToken.Ticks ?? 0L,
        turn.End?.TotalTime.Ticks ?? 0L);

    public static void End(
        LogWriter writes, TurnTail tail, int position, ReadOnlySpan<int> ids, TurnEnd end, DateTimeOffset time, DateTimeOffset? expireTime)
    {
        if (position + ids.Length != end.SessionLength)
        {
            throw new OrleansLMException(
                ErrorCode.Internal, $"turn '{tail.TurnId}' ends at {end.SessionLength} but its tokens end at {position + ids.Length}");
        }

        writes.UpdateSession(
            tail.Session, "active_turn = NULL, length = $1, update_time = $2, expire_time = $3", end.SessionLength, time.UtcTicks, expireTime?.UtcTicks);
        writes.AddSegment(tail.Session.Row, position, ids);
        writes.Run(
            "UPDATE turns SET state = $3, end_time = $4, finish_reason = $5, generated_tokens = $6, prefilled_tokens = $7, queue_time = $8, "
            + "time_to_first_token = $9, total_time = $10 WHERE session = $1 AND turn_id = $2",
            tail.Session.Row,
            tail.TurnId,
            (int)TurnState.Ended,
            time.UtcTicks,
            (int)end.Reason,
            end.GeneratedTokens,
            end.PrefilledTokens,
            end.QueueTime.Ticks,
            end.TimeToFirstToken.Ticks,
            end.TotalTime.Ticks);
    }

    public static void Abandon(LogWriter writes, SessionHandle session, string turnId, string? lastTurnId)
    {
        using var row = writes.Query("SELECT start_position FROM turns WHERE session = $1 AND turn_id = $2", session.Row, turnId);
        if (!row.Read())
        {
            return;
        }

        var start = row.GetInt32(0);
        row.Close();
        writes.UpdateSession(session, "active_turn = NULL, last_turn = $1, length = $2", lastTurnId, start);
        SessionWrites.TruncateTokens(writes, session.Row, start);
        writes.Run("DELETE FROM turns WHERE session = $1 AND turn_id = $2", session.Row, turnId);
        writes.Run("DELETE FROM checkpoints WHERE session = $1 AND position > $2", session.Row, start);
    }
}
