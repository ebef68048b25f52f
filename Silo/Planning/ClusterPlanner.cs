namespace OrleansLM.Silo.Planning;

/// <summary>
/// Cuts models into stages and places them on devices that need not be alike: a pure function, the same answer for the same question whatever the order of
/// its parts. It keeps within memory, makes the slowest stage as fast as it can, and moves little: a running pipeline keeps its cuts and its stages keep
/// their places, except where a device is gone, is being emptied, or another is clearly faster.
/// </summary>
public static class ClusterPlanner
{
    public static ClusterPlan Plan(IEnumerable<DeviceView> devices, IEnumerable<PipelineView> pipelines)
    {
        var budgets = devices.OrderBy(device => device.Id, StringComparer.Ordinal).ToDictionary(device => device.Id, device => new DeviceBudget(device), StringComparer.Ordinal);
        var ordered = pipelines.OrderBy(pipeline => pipeline.Name, StringComparer.Ordinal).ToArray();
        foreach (var pipeline in ordered)
        {
            Reserve(budgets, pipeline);
        }

        // Those that run come first: what is new takes what they leave.
        var plans = ordered.OrderBy(pipeline => pipeline.Current is null).Select(pipeline => Place(budgets, pipeline)).ToArray();
        return new ClusterPlan([.. plans.OrderBy(plan => plan.Name, StringComparer.Ordinal)]);
    }

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
