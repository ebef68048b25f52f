using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Data.Common;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log.Sql;

/// <summary>Rows to records.</summary>
internal static class LogRows
{
    public const string SessionColumns =
        "row_id, epoch, session_id, model, create_time, update_time, time_to_live, expire_time, tenant, metadata, sampling_defaults, stop_defaults, "
        + "parent_session_id, parent_position, length, active_turn, last_turn";

    public const string TurnColumns =
        "turn_id, state, start_position, prompt_tokens, parameters, fingerprint, backend_kind, idempotency_key, command_hash, create_time, finish_reason, "
        + "generated_tokens, prefilled_tokens, queue_time, time_to_first_token, total_time";

    public static SessionRecord Session(DbDataReader row) => new()
    {
        SessionId = row.GetString(2),
        Model = row.GetString(3),
        CreateTime = row.Time(4),
        UpdateTime = row.Time(5),
        TimeToLive = row.LongOrNull(6) is { } ticks ? new TimeSpan(ticks) : null,
        ExpireTime = row.IsDBNull(7) ? null : row.Time(7),
        Tenant = row.GetString(8),
        Metadata = Json(row, 9, LogJson.Default.DictionaryStringString),
        SamplingDefaults = Json(row, 10, LogJson.Default.SamplingSettings),
        StopDefaults = Json(row, 11, LogJson.Default.StopSettings),
        ParentSessionId = row.TextOrNull(12),
        ParentPosition = row.GetInt32(13),
        Length = row.GetInt32(14),
        ActiveTurnId = row.TextOrNull(15),
        LastTurnId = row.TextOrNull(16),
    };

    public static TurnRecord Turn(DbDataReader row)
    {
        var turn = new TurnRecord
        {
            TurnId = row.GetString(0),
            State = (TurnState)row.GetInt32(1),
            StartPosition = row.GetInt32(2),
            PromptTokens = row.GetInt32(3),
            Parameters = Json(row, 4, LogJson.Default.TurnParameters),
            Fingerprint = row.GetString(5),
            BackendKind = row.GetString(6),
            IdempotencyKey = row.TextOrNull(7),
            CommandHash = row.IsDBNull(8) ? null : row.GetFieldValue<byte[]>(8),
            CreateTime = row.Time(9),
        };
        return turn.State == TurnState.Active ? turn : turn with { End = End(row, turn) };
    }

    public static UnfinishedTurn Unfinished(DbDataReader row) =>
        new(row.GetString(0), row.GetString(1), Json(row, 2, LogJson.Default.TurnParameters).CancelOnDisconnect, row.GetString(3));

    public static CheckpointInfo Checkpoint(DbDataReader row) => new()
    {
        Name = row.GetString(0),
        Position = row.GetInt32(1),
        CreateTime = row.Time(2),
    };

    private static TurnEnd End(DbDataReader row, TurnRecord turn) => new()
    {
        Reason = (TurnFinishReason)row.GetInt32(10),
        PromptTokens = turn.PromptTokens,
        GeneratedTokens = row.GetInt32(11),
        PrefilledTokens = row.GetInt32(12),
        SessionLength = turn.GenerationStart + row.GetInt32(11),
        QueueTime = new TimeSpan(row.GetInt64(13)),
        TimeToFirstToken = new TimeSpan(row.GetInt64(14)),
        TotalTime = new TimeSpan(row.GetInt64(15)),
    };

    private static T Json<T>(DbDataReader row, int column, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(row.GetString(column), type)!;
}
