using Microsoft.Data.Sqlite;
using OrleansLM.Contracts.Errors;
using OrleansLM.Silo.Log.Sql;

namespace OrleansLM.Silo.Log.Sqlite;

/// <summary>
/// The tables, and how older versions become this one. Times are UTC ticks of 100 ns. A session's tokens are the concatenation of its segments by
/// position; a prompt is one segment, an answer as many as there were groups.
/// </summary>
internal static class SqliteSchema
{
    /// <summary>"OLMS": marks the file as a session log.</summary>
    private const long ApplicationId = 0x4F4C4D53;

    /// <summary>Script i makes version i + 1 out of version i. Append only: a script that was released never changes.</summary>
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE sessions (
            row_id INTEGER PRIMARY KEY AUTOINCREMENT,
            session_id TEXT NOT NULL UNIQUE,
            epoch INTEGER NOT NULL,
            model TEXT NOT NULL,
            create_time INTEGER NOT NULL,
            update_time INTEGER NOT NULL,
            time_to_live INTEGER,
            expire_time INTEGER,
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
            row_id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions (row_id) ON DELETE CASCADE,
            turn_id TEXT NOT NULL,
            state INTEGER NOT NULL,
            start_position INTEGER NOT NULL,
            prompt_tokens INTEGER NOT NULL,
            parameters TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            backend_kind TEXT NOT NULL,
            idempotency_key TEXT,
            command_hash BLOB,
            create_time INTEGER NOT NULL,
            end_time INTEGER,
            finish_reason INTEGER NOT NULL DEFAULT 0,
            generated_tokens INTEGER NOT NULL DEFAULT 0,
            prefilled_tokens INTEGER NOT NULL DEFAULT 0,
            queue_time INTEGER NOT NULL DEFAULT 0,
            time_to_first_token INTEGER NOT NULL DEFAULT 0,
            total_time INTEGER NOT NULL DEFAULT 0);
        CREATE UNIQUE INDEX turns_by_id ON turns (session, turn_id);
        CREATE UNIQUE INDEX turns_by_key ON turns (session, idempotency_key) WHERE idempotency_key IS NOT NULL;

        CREATE TABLE segments (
            row_id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions (row_id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            count INTEGER NOT NULL,
            ids BLOB NOT NULL);
        CREATE UNIQUE INDEX segments_by_position ON segments (session, position);

        CREATE TABLE checkpoints (
            session INTEGER NOT NULL REFERENCES sessions (row_id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            position INTEGER NOT NULL,
            create_time INTEGER NOT NULL,
            PRIMARY KEY (session, name)) WITHOUT ROWID;
        """,
        "ALTER TABLE sessions ADD COLUMN owner TEXT NOT NULL DEFAULT '';",
    ];

    public static int Version => Migrations.Length;

    /// <summary>Brings the file to <see cref="Version"/>; one transaction a version, so that an interrupted upgrade goes on where it stopped.</summary>
    /// <exception cref="OrleansLMException">FailedPrecondition: another program's file, or a newer version's.</exception>
    public static void Upgrade(SqliteConnection connection)
    {
        var version = (int)Pragma(connection, "user_version");
        Check(connection, version);
        while (version < Migrations.Length)
        {
            connection.Execute("BEGIN IMMEDIATE");

            // Another process may have been faster.
            version = (int)Pragma(connection, "user_version");
            if (version < Migrations.Length)
            {
                connection.Execute($"{Migrations[version]} PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {++version};");
            }

            connection.Execute("COMMIT");
        }
    }

    private static void Check(SqliteConnection connection, int version)
    {
        var application = Pragma(connection, "application_id");
        var isEmpty = version == 0 && application == 0 && Pragma(connection, "page_count") <= 1;
        if (application != ApplicationId && !isEmpty)
        {
            throw new OrleansLMException(
                ErrorCode.FailedPrecondition,
                $"{connection.DataSource} is an SQLite database but not a session log (application id {application:x}; expected {ApplicationId:x}): name another file");
        }

        if (version > Version)
        {
            throw new OrleansLMException(
                ErrorCode.FailedPrecondition,
                $"{connection.DataSource} has schema version {version}, made by a newer release; this one reads up to {Version}: upgrade this program or name another file");
        }
    }

    private static long Pragma(SqliteConnection connection, string name)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return (long)command.ExecuteScalar()!;
    }
}
