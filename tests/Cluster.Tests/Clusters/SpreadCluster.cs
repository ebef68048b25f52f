using System.CommandLine;
using OrleansLM.Cli.Cluster;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Three silos, each the head of a pipeline of two stages that serves stages to the others. Shared by tests that leave it as they found it.</summary>
public sealed class SpreadCluster : IAsyncLifetime
{
    private const int Silos = 3;

    private TestCluster? _nodes;

    internal TestCluster Nodes => _nodes!;

    public async Task InitializeAsync()
    {
        _nodes = await TestCluster.StartAsync(
            usePostgres: false, Silos, gateways: 1, "--Serving:Models:0:Pipeline:Stages=2", "--Stages:Enabled=true", "--Stages:GigabytesPerSecond=10", "--Stages:MemoryMib=4096",
            "--Stages:SilenceLimit=00:01:00", "--Stages:ReplanInterval=1.00:00:00", "--Placement:RebalanceThreshold=1000");
        await Eventually.HoldsAsync(
            async () => (await _nodes.Cluster.GetTopologyAsync(new GetTopologyRequest())).Silos.Count(silo => silo.Pipelines.Count > 0) == Silos, () => $"not all pipelines serve\n{_nodes.Nodes.Errors}");
        await SettlesAsync(stages: 2);
    }

    public async Task DisposeAsync()
    {
        if (_nodes is not null)
        {
            await _nodes.DisposeAsync();
        }
    }

    /// <summary><c>cluster …</c> of the CLI, and what it wrote.</summary>
    internal async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var output = new StringWriter();
        var exitCode = await ClusterCommand.Create().Parse([.. arguments, "--server", $"{Nodes.Nodes.Gateways[0].Address}"]).InvokeAsync(new InvocationConfiguration { Output = output });
        return (exitCode, output.ToString());
    }

    /// <summary>
    /// Returns when every pipeline runs in so many stages, all where the plan has them. What was placed one after the other may be evened out by some moves, which depend on the
    /// order of the silos' addresses.
    /// </summary>
    internal Task SettlesAsync(int stages) => Eventually.HoldsAsync(
        async () => (await Nodes.Cluster.PlanAsync(new PlanRequest { Apply = true })).Pipelines.All(pipeline =>
            pipeline.Stages.Count == stages && pipeline.Stages.All(stage => stage.Change == StageChange.Kept)),
        () => $"not all pipelines have {stages} stages where the plan has them\n{Nodes.Nodes.Errors}");

    /// <summary>Returns when every pipeline runs in so many stages.</summary>
    internal Task RunsInAsync(int stages) => Eventually.HoldsAsync(
        async () => (await Nodes.Cluster.PlanAsync(new PlanRequest())).Pipelines.All(pipeline => pipeline.Stages.Count == stages),
        () => $"not all pipelines have {stages} stages\n{Nodes.Nodes.Errors}");
}
