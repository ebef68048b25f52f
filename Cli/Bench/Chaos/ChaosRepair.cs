using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>What a supervisor does: starts again whatever has ended. A silo that was declared dead ends a little later, so it goes on until all are active.</summary>
internal sealed class ChaosRepair(LoopbackCluster cluster)
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <returns>The nodes that were started.</returns>
    public async Task<IReadOnlyList<string>> RepairAsync(Contracts.V1.Cluster.ClusterClient client, CancellationToken cancellationToken)
    {
        var started = new List<string>();
        do
        {
            var gone = cluster.Silos.Concat(cluster.Gateways).Where(node => !node.IsRunning).ToList();
            await Task.WhenAll(gone.Select(node => node.StartAsync(s_startLimit)));
            started.AddRange(gone.Select(node => node.Name));
            await Task.Delay(s_pause, cancellationToken);
        }
        while (!await IsWholeAsync(client, cancellationToken));
        return started;
    }

    private async Task<bool> IsWholeAsync(Contracts.V1.Cluster.ClusterClient client, CancellationToken cancellationToken)
    {
        var topology = await client.GetTopologyAsync(new GetTopologyRequest(), cancellationToken: cancellationToken);
        return cluster.Silos.All(silo => silo.IsRunning && topology.Silos.Any(known => known.Name == silo.Name && known is { Status: "Active", Load: not null }))
            && cluster.Gateways.All(gateway => gateway.IsRunning);
    }
}
