namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Three silos over SQLite, for tests that harm none of them.</summary>
public sealed class ThreeSilos : IAsyncLifetime, IDisposable
{
    private readonly SqliteFile _file = new();
    private NodeCluster? _cluster;

    internal NodeCluster Cluster => _cluster!;

    // Probes are slow here, so that nobody is declared dead on a machine that is busy.
    public async Task InitializeAsync() => _cluster = await NodeCluster.StartAsync(3, _file.Database, probeMs: 10_000);

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    public void Dispose() => _file.Dispose();
}
