using System.Diagnostics;
using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Starts again whatever has ended, as a supervisor does: a silo that was declared dead ends by itself a little later, and one that cannot join yet ends again.</summary>
internal sealed class ChaosSupervisor(LoopbackCluster cluster)
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    private readonly List<string> _started = [];
    private readonly Dictionary<NodeProcess, Task> _starting = [];

    /// <summary>A node that stays away for now.</summary>
    public NodeProcess? Away { get; set; }

    /// <summary>The nodes that were started since this was asked last.</summary>
    public IReadOnlyList<string> TakeStarted()
    {
        string[] started = [.. _started];
        _started.Clear();
        return started;
    }

    /// <summary>Until it is told to stop.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            StartWhatEnded();
            await Task.Delay(s_pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(_starting.Values);
        _starting.Clear();
    }

    /// <summary>Until all nodes run and all silos are active.</summary>
    public async Task RepairAsync(Contracts.V1.Cluster.ClusterClient client, CancellationToken cancellationToken)
    {
        Away = null;
        var began = Stopwatch.GetTimestamp();
        do
        {
            if (Stopwatch.GetElapsedTime(began) > s_limit)
            {
                throw new TimeoutException($"the cluster is not whole after {s_limit.TotalMinutes:F0} min");
            }

            StartWhatEnded();
            await Task.WhenAll(_starting.Values);
            await Task.Delay(s_pause, cancellationToken);
        }
        while (!await IsWholeAsync(client, cancellationToken));
    }

    private void StartWhatEnded()
    {
        foreach (var node in cluster.Silos.Concat(cluster.Gateways).Where(node => node != Away && !node.IsRunning && _starting.GetValueOrDefault(node) is null or { IsCompleted: true }))
        {
            _started.Add(node.Name);
            _starting[node] = StartAsync(node);
        }
    }

    private static async Task StartAsync(NodeProcess node)
    {
        try
        {
            await node.StartAsync(s_startLimit);
        }
        catch (InvalidOperationException)
        {
            // It could not join, as when its network is cut. The next look starts it again.
        }
    }

    private async Task<bool> IsWholeAsync(Contracts.V1.Cluster.ClusterClient client, CancellationToken cancellationToken)
    {
        try
        {
            var topology = await client.GetTopologyAsync(new GetTopologyRequest(), cancellationToken: cancellationToken);
            return cluster.Silos.All(silo => silo.IsRunning && topology.Silos.Any(known => known.Name == silo.Name && known is { Status: "Active", Load: not null }))
                && cluster.Gateways.All(gateway => gateway.IsRunning);
        }
        catch (RpcException)
        {
            return false;
        }
    }
}
