using OrleansLM.LocalCluster;

namespace OrleansLM.Silo.Tests.Log.Kinds;

/// <summary>One server for all tests of the collection, started when the first one asks for it.</summary>
public sealed class SharedPostgres : IAsyncDisposable, IAsyncLifetime
{
    private readonly Lazy<Task<PostgresServer>> _server = new(PostgresServer.StartAsync);
    private int _schemas;

    public Task<PostgresServer> Server => _server.Value;

    /// <summary>A connection string with a schema of its own.</summary>
    public async Task<string> NewSchemaAsync()
    {
        var server = await _server.Value;
        var name = $"s{Interlocked.Increment(ref _schemas)}";
        await using var connection = new Npgsql.NpgsqlConnection(server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand($"CREATE SCHEMA {name}", connection);
        await command.ExecuteNonQueryAsync();
        return $"{server.ConnectionString};Search Path={name}";
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
        {
            await (await _server.Value).DisposeAsync();
        }
    }

    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();
}
