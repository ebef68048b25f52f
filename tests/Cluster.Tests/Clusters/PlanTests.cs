using System.CommandLine;
using System.Diagnostics;
using OrleansLM.Cli.Client;
using OrleansLM.Cli.Cluster;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>What the planner would do, and doing it, in a cluster of processes in which every silo is the head of a pipeline and serves stages to the others.</summary>
public sealed class PlanTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    [Theory]
    [Store(postgres: false)]
    public async Task A_plan_is_shown_before_anything_moves_and_carried_out_when_asked_for(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(
            usePostgres, silos: 3, gateways: 1, "--Serving:Models:0:Pipeline:Stages=2", "--Stages:Enabled=true", "--Stages:GigabytesPerSecond=10", "--Stages:MemoryMib=4096",
            "--Stages:SilenceLimit=00:01:00", "--Stages:ReplanInterval=1.00:00:00");
        await UntilAsync(async () => (await cluster.Cluster.GetTopologyAsync(new GetTopologyRequest())).Silos.Count(silo => silo.Pipelines.Count > 0) == 3, "not all pipelines serve");
        var before = await cluster.Cluster.PlanAsync(new PlanRequest());
        Assert.Equal(3, before.Pipelines.Count);
        Assert.All(before.Pipelines, pipeline => Assert.Equal([StageChange.Kept, StageChange.Kept], pipeline.Stages.Select(stage => stage.Change)));
        Assert.All(before.Pipelines, pipeline => Assert.Equal(1, pipeline.Stages.Sum(stage => stage.Share), 1e-9));
        Assert.All(before.Devices, device => Assert.InRange(device.FreeBytes, 1, device.Bytes - 1));

        var whatIf = await cluster.Cluster.PlanAsync(new PlanRequest { Model = "tiny-yarn-mistral-128k", Stages = 3 });
        Assert.All(whatIf.Pipelines, pipeline => Assert.Equal(3, pipeline.Stages.Select(stage => stage.Silo).Distinct().Count()));
        Assert.Equal(before.Pipelines, (await cluster.Cluster.PlanAsync(new PlanRequest())).Pipelines);

        var reference = await GenerateAsync(cluster, "undisturbed");
        var (name, emptied) = (before.Pipelines[0].Pipeline, before.Pipelines[0].Stages[1].Silo);
        using (var drain = cluster.Cluster.Drain(new DrainRequest { Silo = emptied }))
        {
            while (await drain.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        }

        var moving = StageOf(await cluster.Cluster.PlanAsync(new PlanRequest()), name);
        Assert.Equal(StageChange.Moved, moving.Change);
        Assert.NotEqual(emptied, moving.Silo);
        var output = new StringWriter();
        var exitCode = await ClusterCommand.Create().Parse(["plan", "--apply", "--server", $"{cluster.Nodes.Gateways[0].Address}"])
            .InvokeAsync(new InvocationConfiguration { Output = output });
        Assert.Equal(0, exitCode);
        Assert.Contains($"{name}: 2 stages, connects anew", output.ToString());
        await UntilAsync(async () => StageOf(await cluster.Cluster.PlanAsync(new PlanRequest()), name) is { Change: StageChange.Kept } stage && stage.Silo == moving.Silo, "the stage did not move");
        Assert.Equal(reference, await GenerateAsync(cluster, "planned-1"));
        Assert.Equal(reference, await GenerateAsync(cluster, "planned-2"));
    }

    private static async Task<List<int>> GenerateAsync(TestCluster cluster, string session)
    {
        var request = new GenerateRequest
        {
            SessionId = await cluster.CreateAsync(session),
            Input = new Input { Text = "Once upon a time there was" },
            Stop = new StopConditions { MaxTokens = 32, IgnoreEos = true },
        };
        var ids = new List<int>();
        await foreach (var item in new ResilientTurn(cluster.Sessions, session) { Patience = s_limit }.GenerateAsync(request, CancellationToken.None))
        {
            if (item.Token is { } token)
            {
                ids.Add(token.TokenId);
            }
        }

        Assert.Equal(32, ids.Count);
        return ids;
    }

    private static PlannedStage StageOf(PlanResponse plan, string pipeline) => plan.Pipelines.Single(planned => planned.Pipeline == pipeline).Stages[1];

    private static async Task UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_limit, otherwise);
            await Task.Delay(100);
        }
    }
}
