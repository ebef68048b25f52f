namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>A database in a file of its own.</summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orleanslm-silos-").FullName;

    public SqliteFile() => Database = new ClusterDatabase("System.Data.SQLite", $"Data Source={Path.Combine(_folder, "silos.db")};Pooling=False");

    public ClusterDatabase Database { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
