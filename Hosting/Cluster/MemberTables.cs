using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace OrleansLM.Hosting.Cluster;

/// <summary>
/// Before a node joins: makes the tables of members, and the statements that Microsoft.Orleans.Clustering.AdoNet looks up there, where the database lacks them.
/// Where it has them nothing is written, so that a role that may not create tables will do. Waits for a database that is away, up to the join timeout.
/// </summary>
internal sealed partial class MemberTables(MemberDatabase database, TimeSpan patience, TimeProvider time, ILogger<MemberTables> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    /// <summary>What the package asks for; a database that was made ready for something else of Orleans has other rows.</summary>
    private static readonly string[] s_keys =
    [
        "InsertMembershipVersionKey", "InsertMembershipKey", "UpdateMembershipKey", "UpdateIAmAlivetimeKey", "MembershipReadRowKey", "MembershipReadAllKey",
        "DeleteMembershipTableEntriesKey", "CleanupDefunctSiloEntriesKey", "GatewaysQueryKey",
    ];

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await EnsureAsync(cancellationToken);
                return;
            }
            catch (DbException away) when (away.IsTransient && time.GetElapsedTime(began) < patience)
            {
                LogAway(away.Message);
                await Task.Delay(s_pause, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = database.IsPostgres ? new NpgsqlConnection(database.ConnectionString) : new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        if (await HasStatementsAsync(connection, cancellationToken))
        {
            return;
        }

        await using var command = connection.CreateCommand();
        command.CommandText = await ScriptAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
        LogMade();
    }

    private async Task<bool> HasStatementsAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var exists = database.IsPostgres ? "SELECT count(to_regclass('OrleansQuery'))" : "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'OrleansQuery'";
        return await CountAsync(connection, exists, cancellationToken) > 0
            && await CountAsync(connection, $"SELECT count(*) FROM OrleansQuery WHERE QueryKey IN ('{string.Join("', '", s_keys)}')", cancellationToken) == s_keys.Length;
    }

    private static async Task<long> CountAsync(DbConnection connection, string query, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<string> ScriptAsync(CancellationToken cancellationToken)
    {
        var name = database.IsPostgres ? "orleans-postgresql.sql" : "orleans-sqlite.sql";
        await using var stream = typeof(MemberTables).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellationToken);
    }
}
