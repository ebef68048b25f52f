using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Planning;

/// <summary>
/// Cuts models into stages and places them on devices that need not be alike: a pure function, the same answer for the same question whatever the order of
/// its parts. It keeps within memory, makes the slowest stage as fast as it can, and moves little: a running pipeline keeps its cuts and its stages keep
/// their places, except where a device is gone, is being emptied, or another is clearly faster.
/// </summary>
public static class ClusterPlanner
{
    /// <summary>More than any cluster needs to come to rest; pipelines that took turns in each other's places would do so for ever.</summary>
    private const int MaxRounds = 32;

    /// <summary>A plan that was carried out stays: the same question with the pipelines where it put them moves nothing.</summary>
    public static ClusterPlan Plan(IEnumerable<DeviceView> devices, IEnumerable<PipelineView> pipelines)
    {
        var (machines, asked) = (devices.OrderBy(device => device.Id, StringComparer.Ordinal).ToArray(), pipelines.OrderBy(pipeline => pipeline.Name, StringComparer.Ordinal).ToArray());
        var plans = Place(machines, asked);
        for (var round = 1; round < MaxRounds; round++)
        {
            // Those that were placed first did not know what would come beside them.
            var next = Place(machines, [.. asked.Zip(plans, After)]);
            var rests = plans.SelectMany(Places).SequenceEqual(next.SelectMany(Places));
            plans = next;
            if (rests)
            {
                break;
            }
        }

        return new ClusterPlan([.. asked.Zip(plans, Changes)]);
    }

    private static PipelinePlan[] Place(DeviceView[] devices, PipelineView[] ordered)
    {
        var budgets = devices.ToDictionary(device => device.Id, device => new DeviceBudget(device), StringComparer.Ordinal);
        foreach (var pipeline in ordered)
        {
            Reserve(budgets, pipeline);
        }

        // Those that run come first: what is new takes what they leave.
        var plans = ordered.OrderBy(pipeline => pipeline.Current is null).Select(pipeline => Place(budgets, pipeline)).ToArray();
        return [.. plans.OrderBy(plan => plan.Name, StringComparer.Ordinal)];
    }

    /// <summary>The pipeline where the plan has it; one that cannot be placed stays what it is.</summary>
    private static PipelineView After(PipelineView asked, PipelinePlan plan) =>
        plan.Stages.Count == 0 ? asked : asked with { Current = [.. plan.Stages.Select(stage => new PlacedStage(stage.Device, stage.Layers))] };

    private static IEnumerable<(string Name, string Device, LayerRange Layers)> Places(PipelinePlan plan) => plan.Stages.Select(stage => (plan.Name, stage.Device, stage.Layers));

    /// <summary>Against what was there when it was asked, whatever was considered in between.</summary>
    private static PipelinePlan Changes(PipelineView asked, PipelinePlan plan) => plan with
    {
        Stages = [.. plan.Stages.Select((stage, i) => stage with
        {
            Change = asked.Current is not { } current ? StageChange.New : current[i].Device == stage.Device ? StageChange.Kept : StageChange.Moved,
        })],
    };

    private static void Reserve(Dictionary<string, DeviceBudget> budgets, PipelineView pipeline)
    {
        foreach (var stage in pipeline.Current ?? [])
        {
            budgets.GetValueOrDefault(stage.Device)?.Take(pipeline.Model.MemoryOf(stage.Layers));
        }
    }

    private static PipelinePlan Place(Dictionary<string, DeviceBudget> budgets, PipelineView pipeline)
    {
        if (!budgets.ContainsKey(pipeline.Head))
        {
            return new PipelinePlan(pipeline.Name, [], $"its first device, {pipeline.Head}, is not there");
        }

        return pipeline.Current is null ? new FreshPlacement(budgets, pipeline).Place() : new StandingPlacement(budgets, pipeline).Place();
    }
}
