using System.Data.Common;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log.Sql;

namespace OrleansLM.Silo.Log.Postgres;

/// <summary>The tables, as in <see cref="Sqlite.SqliteSchema"/>, and how older versions become this one. Silos that start together take turns.</summary>
internal static class PostgresSchema
{
    /// <summary>"OLMS", under which the upgrade is locked.</summary>
    private const long UpgradeLock = 0x4F4C4D53;

    /// <summary>Script i makes version i + 1 out of version i. Append only: a script that was released never changes.</summary>
    private static readonly string[] s_migrations =
    [
        """
        CREATE TABLE sessions (
            row_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            session_id TEXT COLLATE "C" NOT NULL UNIQUE,
            epoch BIGINT NOT NULL,
            owner TEXT NOT NULL DEFAULT '',
            model TEXT NOT NULL,
            create_time BIGINT NOT NULL,
            update_time BIGINT NOT NULL,
            time_to_live BIGINT,
            expire_time BIGINT,
            tenant TEXT NOT NULL,
            metadata TEXT NOT NULL,
            sampling_defaults TEXT NOT NULL,
            stop_defaults TEXT NOT NULL,
            parent_session_id TEXT,
            parent_position INTEGER NOT NULL,
            length INTEGER NOT NULL,
            active_turn TEXT,
            last_turn TEXT);
        CREATE INDEX sessions_by_expiry ON sessions (expire_time) WHERE expire_time IS NOT NULL;
        CREATE INDEX sessions_by_active_turn ON sessions (active_turn) WHERE active_turn IS NOT NULL;

        CREATE TABLE turns (
            row_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            session BIGINT NOT NULL REFERENCES sessions (row_id) ON DELETE CASCADE,
            turn_id TEXT COLLATE "C" NOT NULL,
            state INTEGER NOT NULL,
            start_position INTEGER NOT NULL,
            prompt_tokens INTEGER NOT NULL,
            parameters TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            backend_kind TEXT NOT NULL,
            idempotency_key TEXT,
            command_hash BYTEA,
            create_time BIGINT NOT NULL,
            end_time BIGINT,
            finish_reason INTEGER NOT NULL DEFAULT 0,
            generated_tokens INTEGER NOT NULL DEFAULT 0,
            prefilled_tokens INTEGER NOT NULL DEFAULT 0,
            queue_time BIGINT NOT NULL DEFAULT 0,
            time_to_first_token BIGINT NOT NULL DEFAULT 0,
            total_time BIGINT NOT NULL DEFAULT 0);
        CREATE UNIQUE INDEX turns_by_id ON turns (session, turn_id);
        CREATE UNIQUE INDEX turns_by_key ON turns (session, idempotency_key) WHERE idempotency_key IS NOT NULL;

        CREATE TABLE segments (
            row_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            session BIGINT NOT NULL REFERENCES sessions (row_id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            count INTEGER NOT NULL,
            ids BYTEA NOT NULL);
        CREATE UNIQUE INDEX segments_by_position ON segments (session, position);

        CREATE TABLE checkpoints (
            session BIGINT NOT NULL REFERENCES sessions (row_id) ON DELETE CASCADE,
            name TEXT COLLATE "C" NOT NULL,
            position INTEGER NOT NULL,
            create_time BIGINT NOT NULL,
            PRIMARY KEY (session, name));
        """,
        """
        CREATE TABLE commits (
            writer TEXT COLLATE "C" PRIMARY KEY,
            number BIGINT NOT NULL,
            time TIMESTAMPTZ NOT NULL DEFAULT now());
        """,
    ];

    public static int Version => s_migrations.Length;

    /// <summary>Brings the schema to <see cref="Version"/>, in one transaction.</summary>
    /// <exception cref="OrleansLMException">FailedPrecondition: another program's tables, or a newer version's.</exception>
    public static void Upgrade(DbConnection connection, string place)
    {
        using var transaction = connection.BeginTransaction();
        connection.Execute($"SELECT pg_advisory_xact_lock({UpgradeLock})");
        connection.Execute("CREATE TABLE IF NOT EXISTS orleanslm_schema (version INTEGER NOT NULL)");
        var version = VersionOf(connection);
        Check(connection, version, place);
        for (; version < s_migrations.Length; version++)
        {
            connection.Execute($"{s_migrations[version]} DELETE FROM orleanslm_schema; INSERT INTO orleanslm_schema VALUES ({version + 1})");
        }

        transaction.Commit();
    }

    private static void Check(DbConnection connection, int version, string place)
    {
        if (version == 0 && Scalar(connection, "SELECT to_regclass('sessions')::text") is string)
        {
            throw new OrleansLMException(
                ErrorCode.FailedPrecondition, $"{place} has a table 'sessions' that is not a session log's: name another database, or another schema by Search Path");
        }

        if (version > Version)
        {
            throw new OrleansLMException(
                ErrorCode.FailedPrecondition,
                $"{place} has schema version {version}, made by a newer release; this one reads up to {Version}: upgrade this program or name another database");
        }
    }

    private static int VersionOf(DbConnection connection) => Scalar(connection, "SELECT MAX(version) FROM orleanslm_schema") is int version ? version : 0;

    private static object? Scalar(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
