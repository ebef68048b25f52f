namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A table of silos for one test: in a SQLite file, or, for the packages, which have no statements for SQLite, in PostgreSQL.</summary>
internal sealed class TestTable : IAsyncDisposable
{
    private readonly SqliteFile? _file;
    private readonly PostgreSqlServer? _server;

    private TestTable(SqliteFile? file, PostgreSqlServer? server)
    {
        _file = file;
        _server = server;
    }

    public static bool IsStandIn { get; } = typeof(IGrain).Assembly.GetName().Name == "Microsoft.Orleans.Sdk";

    /// <summary>Why there is no table to be had; null when there is.</summary>
    public static string? WhyMissing => IsStandIn ? null : PostgreSqlServer.WhyMissing;

    public ClusterDatabase Database => _file?.Database ?? _server!.Database;

    public static async Task<TestTable> CreateAsync() => IsStandIn ? new TestTable(new SqliteFile(), null) : new TestTable(null, await PostgreSqlServer.StartAsync());

    public async ValueTask DisposeAsync()
    {
        _file?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
