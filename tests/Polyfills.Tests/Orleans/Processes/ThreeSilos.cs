namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Three silos, for tests that harm none of them.</summary>
public sealed class ThreeSilos : IAsyncLifetime
{
    private TestTable? _table;
    private NodeCluster? _cluster;

    internal NodeCluster Cluster => _cluster!;

    // Probes are slow here, so that nobody is declared dead on a machine that is busy.
    public async Task InitializeAsync()
    {
        _table = await TestTable.CreateAsync();
        _cluster = await NodeCluster.StartAsync(3, _table.Database, probeMs: 10_000);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_table is not null)
            await _table.DisposeAsync();
    }
}
