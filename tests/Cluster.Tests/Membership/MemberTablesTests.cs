using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using OrleansLM.Cluster.Tests.Clusters;
using OrleansLM.Hosting.Cluster;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Membership;

/// <summary>The tables of members and the statements in them, as Microsoft.Orleans.Clustering.AdoNet runs them.</summary>
public sealed class MemberTablesTests : IAsyncLifetime
{
    private static readonly DateTime s_time = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Unspecified);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleanslm-members-");
    private PostgresServer? _server;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [Theory]
    [Store(postgres: false)]
    [Store(postgres: true)]
    public async Task Nodes_that_start_together_make_them_once(bool usePostgres)
    {
        var cluster = await ClusterAsync(usePostgres);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => EnsureAsync(cluster)));
        await using var connection = await OpenAsync(cluster);
        Assert.Equal(9L, await ScalarAsync(connection, "SELECT count(*) FROM OrleansQuery"));
    }

    [Theory]
    [Store(postgres: false)]
    [Store(postgres: true)]
    public async Task Statements_that_are_there_are_left_as_they_are(bool usePostgres)
    {
        var cluster = await ClusterAsync(usePostgres);
        await EnsureAsync(cluster);
        await using var connection = await OpenAsync(cluster);
        await ScalarAsync(connection, "UPDATE OrleansQuery SET QueryText = 'SELECT 7' WHERE QueryKey = 'GatewaysQueryKey'");
        await EnsureAsync(cluster);
        Assert.Equal("SELECT 7", await ScalarAsync(connection, "SELECT QueryText FROM OrleansQuery WHERE QueryKey = 'GatewaysQueryKey'"));
        await ScalarAsync(connection, "DELETE FROM OrleansQuery WHERE QueryKey = 'UpdateMembershipKey'");
        await EnsureAsync(cluster);
        Assert.Equal(9L, await ScalarAsync(connection, "SELECT count(*) FROM OrleansQuery"));
    }

    [Theory]
    [Store(postgres: false)]
    [Store(postgres: true)]
    public async Task Every_change_asks_for_the_version_and_raises_it(bool usePostgres)
    {
        var cluster = await ClusterAsync(usePostgres);
        await EnsureAsync(cluster);
        await using var connection = await OpenAsync(cluster);
        Assert.Equal(1, await ChangesAsync(connection, "InsertMembershipVersionKey"));
        Assert.Equal(0, await ChangesAsync(connection, "InsertMembershipVersionKey"));

        Assert.Equal(0, await ChangesAsync(connection, "InsertMembershipKey", version: 1));
        Assert.Equal((0, 0), await StateAsync(connection));
        Assert.Equal(1, await ChangesAsync(connection, "InsertMembershipKey", version: 0));
        Assert.Equal(0, await ChangesAsync(connection, "InsertMembershipKey", version: 1));
        Assert.Equal((1, 1), await StateAsync(connection));

        Assert.Equal(0, await ChangesAsync(connection, "UpdateMembershipKey", version: 0, status: 6));
        Assert.Equal(1L, await ScalarAsync(connection, "SELECT count(*) FROM OrleansMembershipTable WHERE Status = 3"));
        Assert.Equal(1, await ChangesAsync(connection, "UpdateMembershipKey", version: 1, status: 6));
        Assert.Equal(1L, await ScalarAsync(connection, "SELECT count(*) FROM OrleansMembershipTable WHERE Status = 6"));
        Assert.Equal((2, 1), await StateAsync(connection));
    }

    [Theory]
    [Store(postgres: false)]
    [Store(postgres: true)]
    public async Task Members_and_gateways_are_read(bool usePostgres)
    {
        var cluster = await ClusterAsync(usePostgres);
        await EnsureAsync(cluster);
        await using var connection = await OpenAsync(cluster);
        await ChangesAsync(connection, "InsertMembershipVersionKey");
        Assert.Equal([(null, 0)], await MembersAsync(connection, "MembershipReadAllKey"));
        await ChangesAsync(connection, "InsertMembershipKey", version: 0);
        Assert.Equal([("silo", 1)], await MembersAsync(connection, "MembershipReadAllKey"));
        Assert.Equal([("silo", 1)], await MembersAsync(connection, "MembershipReadRowKey"));
        Assert.Equal([(null, 1)], await MembersAsync(connection, "MembershipReadRowKey", port: 12));
        Assert.Equal("10.0.0.1", await ScalarAsync(connection, await StatementAsync(connection, "GatewaysQueryKey"), Parameters()));
        Assert.Null(await ScalarAsync(connection, await StatementAsync(connection, "GatewaysQueryKey"), Parameters(status: 6)));
    }

    [Theory]
    [Store(postgres: false)]
    [Store(postgres: true)]
    public async Task Silos_that_are_long_gone_are_forgotten_and_others_are_not(bool usePostgres)
    {
        var cluster = await ClusterAsync(usePostgres);
        await EnsureAsync(cluster);
        await using var connection = await OpenAsync(cluster);
        await ChangesAsync(connection, "InsertMembershipVersionKey");
        await ChangesAsync(connection, "InsertMembershipKey", version: 0);
        await ChangesAsync(connection, "InsertMembershipKey", version: 1, port: 12, status: 6);
        await ScalarAsync(connection, await StatementAsync(connection, "UpdateIAmAlivetimeKey"), Parameters(port: 12, alive: s_time.AddHours(1)));

        var forget = await StatementAsync(connection, "CleanupDefunctSiloEntriesKey");
        await ScalarAsync(connection, forget, Parameters(alive: s_time.AddMinutes(59)));
        Assert.Equal((2, 2), await StateAsync(connection));
        await ScalarAsync(connection, forget, Parameters(alive: s_time.AddMinutes(61)));
        Assert.Equal((2, 1), await StateAsync(connection));
        await ScalarAsync(connection, await StatementAsync(connection, "DeleteMembershipTableEntriesKey"), Parameters());
        Assert.Equal(0L, await ScalarAsync(connection, "SELECT count(*) FROM OrleansMembershipVersionTable"));
    }

    private async Task<ClusterSettings> ClusterAsync(bool usePostgres)
    {
        if (!usePostgres)
        {
            return new ClusterSettings { Clustering = ClusteringKind.Sqlite, Path = Path.Combine(_folder.FullName, "members.db") };
        }

        _server = await PostgresServer.StartAsync();
        return new ClusterSettings { Clustering = ClusteringKind.Postgres, ConnectionString = _server.ConnectionString + ";Pooling=false" };
    }

    /// <summary>What a node does at its start.</summary>
    private static async Task EnsureAsync(ClusterSettings cluster)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddMemberTables(cluster);
        using var host = builder.Build();
        await host.StartAsync();
        await host.StopAsync();
    }

    private static async Task<DbConnection> OpenAsync(ClusterSettings cluster)
    {
        var database = MemberDatabase.Of(cluster)!;
        DbConnection connection = database.IsPostgres ? new NpgsqlConnection(database.ConnectionString) : new SqliteConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    private static async Task<int> ChangesAsync(DbConnection connection, string key, int version = 0, int port = 11, int status = 3) =>
        Convert.ToInt32(await ScalarAsync(connection, await StatementAsync(connection, key), Parameters(version, port, status)));

    private static async Task<string> StatementAsync(DbConnection connection, string key) =>
        (string)(await ScalarAsync(connection, $"SELECT QueryText FROM OrleansQuery WHERE QueryKey = '{key}'"))!;

    private static async Task<(int Version, int Silos)> StateAsync(DbConnection connection) => (
        Convert.ToInt32(await ScalarAsync(connection, "SELECT Version FROM OrleansMembershipVersionTable")),
        Convert.ToInt32(await ScalarAsync(connection, "SELECT count(*) FROM OrleansMembershipTable")));

    /// <summary>The name and the table's version of each row.</summary>
    private static async Task<(string? Name, int Version)[]> MembersAsync(DbConnection connection, string key, int port = 11)
    {
        await using var command = Command(connection, await StatementAsync(connection, key), Parameters(port: port));
        await using var reader = await command.ExecuteReaderAsync();
        var members = new List<(string?, int)>();
        while (await reader.ReadAsync())
        {
            members.Add((reader["SiloName"] as string, Convert.ToInt32(reader["Version"])));
        }

        return [.. members];
    }

    private static (string, object)[] Parameters(int version = 0, int port = 11, int status = 3, DateTime? alive = null) =>
    [
        ("DeploymentId", "cluster"), ("Address", "10.0.0.1"), ("Port", port), ("Generation", 1), ("Version", version), ("SiloName", "silo"), ("HostName", "host"), ("Status", status),
        ("ProxyPort", 30), ("SuspectTimes", ""), ("StartTime", s_time), ("IAmAliveTime", alive ?? s_time),
    ];

    /// <summary>The first value; reads to the end, as the package does.</summary>
    private static async Task<object?> ScalarAsync(DbConnection connection, string statement, params (string Name, object Value)[] parameters)
    {
        await using var command = Command(connection, statement, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        object? value = null;
        do
        {
            while (await reader.ReadAsync())
            {
                value ??= reader.GetValue(0);
            }
        }
        while (await reader.NextResultAsync());

        return value;
    }

    private static DbCommand Command(DbConnection connection, string statement, (string Name, object Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = statement;
        foreach (var (name, value) in parameters.Where(parameter => statement.Contains('@' + parameter.Name, StringComparison.Ordinal)))
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
