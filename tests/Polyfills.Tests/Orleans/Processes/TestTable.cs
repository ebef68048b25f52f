using Microsoft.Data.Sqlite;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A table of silos for one test, in a SQLite file. Made by the script that nodes run at start.</summary>
internal sealed class TestTable : IAsyncDisposable
{
    private readonly SqliteFile _file = new();

    public static bool IsStandIn { get; } = typeof(IGrain).Assembly.GetName().Name == "Microsoft.Orleans.Sdk";

    public ClusterDatabase Database => _file.Database;

    public static async Task<TestTable> CreateAsync()
    {
        var table = new TestTable();
        await using var connection = new SqliteConnection(table.Database.ConnectionString);
        await connection.OpenAsync();
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "sql", "orleans-sqlite.sql"));
        await command.ExecuteNonQueryAsync();
        return table;
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        return ValueTask.CompletedTask;
    }
}
