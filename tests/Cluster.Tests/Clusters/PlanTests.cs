using Grpc.Core;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>A model that is spread over the silos: planned, moved about, cut anew; its sessions do not notice.</summary>
public sealed class PlanTests(SpreadCluster spread) : IClassFixture<SpreadCluster>
{
    private const string Model = "tiny-yarn-mistral-128k";

    /// <summary>An idle session moves with its whole pages.</summary>
    private const int PageTokens = 64;

    private TestCluster Cluster => spread.Nodes;

    [Fact]
    public async Task A_plan_is_shown_before_anything_moves_and_carried_out_when_asked_for()
    {
        var before = await Cluster.Cluster.PlanAsync(new PlanRequest());
        Assert.Equal(3, before.Pipelines.Count);
        Assert.All(before.Pipelines, pipeline => Assert.Equal([StageChange.Kept, StageChange.Kept], pipeline.Stages.Select(stage => stage.Change)));
        Assert.All(before.Pipelines, pipeline => Assert.Equal(1, pipeline.Stages.Sum(stage => stage.Share), 1e-9));
        Assert.All(before.Devices, device => Assert.InRange(device.FreeBytes, 1, device.Bytes - 1));

        var whatIf = await Cluster.Cluster.PlanAsync(new PlanRequest { Model = Model, Stages = 3 });
        Assert.All(whatIf.Pipelines, pipeline => Assert.Equal(3, pipeline.Stages.Select(stage => stage.Silo).Distinct().Count()));
        Assert.Equal(before.Pipelines, (await Cluster.Cluster.PlanAsync(new PlanRequest())).Pipelines);

        var reference = await Cluster.ReferenceAsync(0);
        var (name, emptied) = (before.Pipelines[0].Pipeline, before.Pipelines[0].Stages[1].Silo);
        var (drained, reports) = await spread.RunAsync("drain", emptied, "--json");
        Assert.Equal(0, drained);
        Assert.All(reports.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Equal("", MoveReport.Parser.ParseJson(line).Failure));

        var moving = StageOf(await Cluster.Cluster.PlanAsync(new PlanRequest()), name);
        Assert.Equal(StageChange.Moved, moving.Change);
        Assert.NotEqual(emptied, moving.Silo);
        var (exitCode, output) = await spread.RunAsync("plan", "--apply");
        Assert.Equal(0, exitCode);
        Assert.Contains($"{name}: 2 stages, connects anew", output);
        await Eventually.HoldsAsync(
            async () => StageOf(await Cluster.Cluster.PlanAsync(new PlanRequest { Apply = true }), name) is { Change: StageChange.Kept } stage && stage.Silo != emptied, () => "the stage did not move");
        var (undrained, _) = await spread.RunAsync("undrain", emptied, "--json");
        Assert.Equal(0, undrained);
        await spread.SettlesAsync(stages: 2);
        await Cluster.AssertEqualAsync(reference, await Cluster.RunAsync(await Cluster.CreateAsync("planned"), 0, _ => Task.CompletedTask), "planned");
    }

    [Fact]
    public async Task A_model_that_is_cut_anew_goes_on_with_the_same_ids()
    {
        var reference = await Cluster.ReferenceAsync(1);
        var session = await Cluster.CreateAsync("cut-anew");
        var found = await Cluster.RunAsync(session, 1, async turn =>
        {
            if (turn.Tokens.Count is 10 or 100)
            {
                var stages = turn.Tokens.Count == 10 ? 3 : 2;
                var (exitCode, output) = await spread.RunAsync("plan", "--model", Model, "--stages", $"{stages}", "--apply", "--json");
                Assert.Equal(0, exitCode);
                var shown = PlanResponse.Parser.ParseJson(output);
                Assert.All(shown.Pipelines, pipeline => Assert.Equal((true, stages), (pipeline.Applied, pipeline.Stages.Count)));
                await spread.RunsInAsync(stages);
                Assert.Equal(CutsOf(shown), CutsOf(await Cluster.Cluster.PlanAsync(new PlanRequest())));
            }
        });
        await Cluster.AssertEqualAsync(reference, found, session);
        var usage = found.Finished!.Usage;
        Assert.True(usage.PrefilledTokens <= usage.PromptTokens, $"{usage}: the state did not come along, it was computed again\n{Cluster.Nodes.Errors}");
        var one = await Assert.ThrowsAsync<RpcException>(async () => await Cluster.Cluster.PlanAsync(new PlanRequest { Model = Model, Stages = 1, Apply = true }));
        Assert.Equal((StatusCode.InvalidArgument, true), (one.StatusCode, one.Status.Detail.Contains("expected [2, 1024]", StringComparison.Ordinal)));
        Assert.All((await Cluster.Cluster.PlanAsync(new PlanRequest { Model = Model, Stages = 4, Apply = true })).Pipelines, pipeline => Assert.Contains("4 stages", pipeline.Problem));
        await spread.SettlesAsync(stages: 2);
    }

    [Fact]
    public async Task Sessions_of_a_spread_model_move_with_their_state_and_wake_from_snapshots()
    {
        var reference = await Cluster.ReferenceAsync(1);
        var session = await Cluster.CreateAsync("moved");
        var carried = new List<long>();
        var found = await Cluster.StreamAsync(session, 1, async turn =>
        {
            if (turn.Tokens.Count is 60 or 110)
            {
                var (exitCode, output) = await spread.RunAsync("move", session, "--json");
                Assert.Equal(0, exitCode);
                carried.Add(MoveReport.Parser.ParseJson(output).Carried);
            }
        });
        await Cluster.AssertEqualAsync(reference, found, session);
        Assert.Equal(2, carried.Count);
        Assert.All(carried, tokens => Assert.True(tokens > 0, "nothing was copied before the pause"));

        // Asleep it goes on elsewhere from the snapshot, which the stages of another pipeline share among themselves.
        await Cluster.Sessions.SleepAsync(new SleepSessionRequest { SessionId = session });
        Assert.Equal(0, (await spread.RunAsync("move", session)).ExitCode);
        var woken = await Cluster.RunAsync(session, 1, _ => Task.CompletedTask);
        var usage = woken.Finished!.Usage;
        Assert.True(usage.PrefilledTokens <= usage.PromptTokens + PageTokens, $"{usage} in a session that slept; its state was computed again\n{Cluster.Nodes.Errors}");
    }

    /// <summary>What was shown is what is done.</summary>
    private static IEnumerable<(string Pipeline, int FirstLayer)> CutsOf(PlanResponse plan) =>
        plan.Pipelines.SelectMany(pipeline => pipeline.Stages, (pipeline, stage) => (pipeline.Pipeline, stage.FirstLayer));

    private static PlannedStage StageOf(PlanResponse plan, string pipeline) => plan.Pipelines.Single(planned => planned.Pipeline == pipeline).Stages[1];
}
