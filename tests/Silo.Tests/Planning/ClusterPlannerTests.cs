using OrleansLM.Engine.Models;
using OrleansLM.Silo.Planning;

namespace OrleansLM.Silo.Tests.Planning;

public sealed class ClusterPlannerTests
{
    [Fact]
    public void A_stage_goes_only_where_the_folder_of_its_model_is()
    {
        var model = PlannerWorld.Model(new Random(1), maxLayers: 8) with { Name = "wanted", LayerBytes = [10, 10, 10, 10] };
        DeviceView Device(string id, params string[] models) => new(id, "", 1000, 100) { Models = models.ToHashSet(StringComparer.Ordinal) };
        var pipeline = new PipelineView { Name = "p", Head = "a", Model = model, Stages = 2 };
        var devices = new[] { Device("a", "wanted"), Device("b", "other"), Device("c", "other", "wanted") };
        var placed = ClusterPlanner.Plan(devices, [pipeline]).Pipelines[0];
        Assert.Equal(["a", "c"], placed.Stages.Select(stage => stage.Device));

        // The one that has it is lost: there is no other, and the stage stays with the head rather than go to a silo that cannot load it.
        var current = placed.Stages.Select(stage => new PlacedStage(stage.Device, stage.Layers)).ToArray();
        var replaced = ClusterPlanner.Plan(devices[..2], [pipeline with { Current = current }]).Pipelines[0];
        Assert.Equal(["a", "a"], replaced.Stages.Select(stage => stage.Device));
    }

    [Fact]
    public void Plans_cover_all_layers_within_memory_and_do_not_depend_on_the_order_of_the_question()
    {
        var placed = 0;
        for (var seed = 0; seed < 400; seed++)
        {
            var world = new PlannerWorld(seed);
            var plan = world.Plan();
            foreach (var pipeline in plan.Pipelines)
            {
                var asked = world.Pipelines.Single(view => view.Name == pipeline.Name);
                placed += Check(asked, pipeline);
            }

            foreach (var device in world.Devices)
            {
                Assert.True(plan.Pipelines.SelectMany(pipeline => pipeline.Stages).Where(stage => stage.Device == device.Id).Sum(stage => stage.Bytes) <= device.Bytes);
            }

            var shuffled = ClusterPlanner.Plan(world.Devices.Reverse(), world.Pipelines.Reverse());
            Assert.Equal(Text(plan), Text(shuffled));
        }

        Assert.True(placed > 200, $"{placed}");
    }

    [Fact]
    public void A_plan_that_was_carried_out_stays()
    {
        var placed = 0;
        for (var seed = 0; seed < 600; seed++)
        {
            var world = new PlannerWorld(seed);
            var plan = world.Plan();
            placed += AssertRests(world.Devices, world.Pipelines, plan);

            // A device is lost and a fast one joins: what is decided then stays as well.
            var running = PlannerWorld.After(world.Pipelines, plan);
            DeviceView[] others = [.. world.Devices.Skip(1), new DeviceView("joined", "z0", 2000, 900)];
            placed += AssertRests(others, running, ClusterPlanner.Plan(others, running));
        }

        Assert.True(placed > 500, $"{placed}");
    }

    [Fact]
    public void The_slowest_stage_is_as_fast_as_any_cut_on_any_devices_makes_it()
    {
        var compared = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var world = new PlannerWorld(seed, maxDevices: 4, maxLayers: 7);
            var pipeline = world.Pipelines[0];
            var plan = ClusterPlanner.Plan(world.Devices, [pipeline]).Pipelines[0];
            var counts = pipeline.Stages is { } stages ? [stages] : Enumerable.Range(1, world.Devices.Length).ToArray();
            var best = counts.Select(count => PlannerWorld.BestOf(world.Devices, pipeline, count)).FirstOrDefault(time => time is not null);
            Assert.Equal(best is null, plan.Problem is not null);
            if (best is { } time)
            {
                Assert.Equal(time, plan.SlowestSeconds, time * 1e-9);
                compared++;
            }
        }

        Assert.True(compared > 100, $"{compared}");
    }

    [Fact]
    public void What_runs_well_stays_and_what_is_lost_is_placed_anew_alone()
    {
        var (lost, replaced) = (0, 0);
        for (var seed = 0; seed < 400; seed++)
        {
            var world = new PlannerWorld(seed);
            var (first, running) = Settle(world);

            var stage = first.Pipelines.SelectMany(pipeline => pipeline.Stages.Skip(1)).FirstOrDefault(stage => running.All(pipeline => pipeline.Head != stage.Device));
            if (stage is not null)
            {
                lost++;
                replaced += CheckLoss(running, first, ClusterPlanner.Plan(world.Devices.Where(device => device.Id != stage.Device), running), stage.Device);
            }
        }

        Assert.True(lost > 50 && replaced > 10, $"{lost} {replaced}");
    }

    [Fact]
    public void A_stage_moves_to_a_device_that_is_clearly_faster_and_away_from_one_that_is_being_emptied()
    {
        var model = new ModelView { Name = "m", Fingerprint = "f", LayerBytes = [10, 10, 10, 10], StateBytesPerLayer = 0, EmbeddingBytes = 0, OutputBytes = 0 };
        var devices = new[] { new DeviceView("a", "", 100, 100), new DeviceView("b", "", 100, 50) };
        var pipeline = new PipelineView { Name = "p", Head = "a", Model = model, Current = [new PlacedStage("a", new LayerRange(0, 2)), new PlacedStage("b", new LayerRange(2, 4))] };
        Assert.Equal(0, Plan(devices, pipeline).Moves);
        Assert.Equal(0, Plan([.. devices, new DeviceView("c", "", 100, 60)], pipeline).Moves);
        Assert.Equal("c", Plan([.. devices, new DeviceView("c", "", 100, 80)], pipeline).Stages[1].Device);

        var emptied = new[] { devices[0], devices[1] with { TakesStages = false }, new DeviceView("c", "", 20, 20) };
        Assert.Equal("c", Plan(emptied, pipeline).Stages[1].Device);
        Assert.Equal(0, Plan([devices[0] with { Bytes = 20 }, emptied[1]], pipeline).Moves);
    }

    [Fact]
    public void What_cannot_be_placed_says_why()
    {
        var model = new ModelView { Name = "m", Fingerprint = "f", LayerBytes = [10, 10], StateBytesPerLayer = 5, EmbeddingBytes = 3, OutputBytes = 4 };
        var pipeline = new PipelineView { Name = "p", Head = "a", Model = model };
        Assert.Contains("m takes 37 bytes and does not fit in 1 stages", Plan([new DeviceView("a", "", 20, 1)], pipeline).Problem!, StringComparison.Ordinal);
        Assert.Contains("first device, a, is not there", Plan([new DeviceView("b", "", 20, 1)], pipeline).Problem!, StringComparison.Ordinal);
        Assert.Contains("3 stages of m; 1 devices can take one", Plan([new DeviceView("a", "", 99, 1)], pipeline with { Stages = 3 }).Problem!, StringComparison.Ordinal);
    }

    private static (ClusterPlan Plan, PipelineView[] Running) Settle(PlannerWorld world)
    {
        var plan = world.Plan();
        return (plan, PlannerWorld.After(world.Pipelines, plan));
    }

    /// <returns>How many pipelines have places.</returns>
    private static int AssertRests(DeviceView[] devices, PipelineView[] pipelines, ClusterPlan plan)
    {
        var again = ClusterPlanner.Plan(devices, PlannerWorld.After(pipelines, plan));
        Assert.Equal(Places(plan), Places(again));
        Assert.All(again.Pipelines, pipeline => Assert.Equal(0, pipeline.Moves));
        return plan.Pipelines.Count(pipeline => pipeline.Stages.Count > 0);
    }

    private static PipelinePlan Plan(IEnumerable<DeviceView> devices, PipelineView pipeline) => ClusterPlanner.Plan(devices, [pipeline]).Pipelines[0];

    private static int Check(PipelineView asked, PipelinePlan plan)
    {
        Assert.Equal(plan.Stages.Count == 0, plan.Problem is not null);
        if (plan.Stages.Count == 0)
        {
            return 0;
        }

        Assert.Equal(asked.Head, plan.Stages[0].Device);
        Assert.Equal(asked.Stages ?? plan.Stages.Count, plan.Stages.Count);
        Assert.Equal(plan.Stages.Count, plan.Stages.Select(stage => stage.Device).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, asked.Model.LayerCount), plan.Stages.SelectMany(stage => Enumerable.Range(stage.Layers.Start, stage.Layers.Count)));
        Assert.All(plan.Stages, stage => Assert.Equal(asked.Model.MemoryOf(stage.Layers), stage.Bytes));
        return 1;
    }

    private static int CheckLoss(PipelineView[] running, ClusterPlan before, ClusterPlan after, string lost)
    {
        var replaced = 0;
        foreach (var pipeline in running.Where(pipeline => pipeline.Current is not null))
        {
            var (old, now) = (before.Pipelines.Single(plan => plan.Name == pipeline.Name), after.Pipelines.Single(plan => plan.Name == pipeline.Name));
            if (now.Stages.Count == 0)
            {
                Assert.Contains("no device has", now.Problem!, StringComparison.Ordinal);
                continue;
            }

            Assert.Equal(old.Stages.Select(stage => stage.Layers), now.Stages.Select(stage => stage.Layers));
            Assert.DoesNotContain(now.Stages, stage => stage.Device == lost);
            replaced += old.Stages.Any(stage => stage.Device == lost) ? 1 : 0;
            Assert.True(now.Moves <= old.Stages.Count(stage => stage.Device == lost) + 1);
        }

        return replaced;
    }

    private static IEnumerable<string> Places(ClusterPlan plan) => plan.Pipelines.SelectMany(pipeline => pipeline.Stages.Select(stage => $"{pipeline.Name} {stage.Device} {stage.Layers}"));

    private static string Text(ClusterPlan plan) => string.Join('\n', plan.Pipelines.Select(pipeline => $"{pipeline.Name} {pipeline.Problem} {string.Join(' ', pipeline.Stages)}"));
}
