using OrleansLM.Engine.Models;
using OrleansLM.Silo.Planning;

namespace OrleansLM.Silo.Tests.Planning;

/// <summary>Random devices and models.</summary>
internal sealed class PlannerWorld
{
    public PlannerWorld(int seed, int maxDevices = 8, int maxLayers = 40)
    {
        var random = new Random(seed);
        Devices = [.. Enumerable.Range(0, random.Next(1, maxDevices + 1)).Select(i => new DeviceView($"d{i}", $"z{random.Next(2)}", random.Next(50, 600), random.Next(1, 5) * 100.0)
        {
            TakesStages = random.Next(8) > 0,
        })];
        Pipelines = [.. Enumerable.Range(0, random.Next(1, 4)).Select(i => new PipelineView
        {
            Name = $"p{i}",
            Head = Devices[random.Next(Devices.Length)].Id,
            Model = Model(random, maxLayers),
            Stages = random.Next(2) == 0 ? null : random.Next(1, 5),
        })];
    }

    public DeviceView[] Devices { get; }

    public PipelineView[] Pipelines { get; }

    public ClusterPlan Plan() => ClusterPlanner.Plan(Devices, Pipelines);

    /// <summary>The pipelines as they are when the plan has been carried out; what it could not place is as it was.</summary>
    public static PipelineView[] After(IEnumerable<PipelineView> pipelines, ClusterPlan plan) => [.. pipelines.Select(pipeline => pipeline with
    {
        Current = plan.Pipelines.Single(planned => planned.Name == pipeline.Name) is { Stages.Count: > 0 } placed
            ? [.. placed.Stages.Select(stage => new PlacedStage(stage.Device, stage.Layers))]
            : pipeline.Current,
    })];

    public static ModelView Model(Random random, int maxLayers)
    {
        var layer = random.Next(2, 20);
        return new ModelView
        {
            Name = "m",
            Fingerprint = "f",
            LayerBytes = [.. Enumerable.Repeat((long)layer, random.Next(1, maxLayers + 1))],
            StateBytesPerLayer = random.Next(0, 10),
            EmbeddingBytes = random.Next(0, 40),
            OutputBytes = random.Next(0, 40),
        };
    }

    /// <summary>The least time of the slowest stage over all ways to cut the model into that many stages on these devices; null when none fits.</summary>
    public static double? BestOf(DeviceView[] devices, PipelineView pipeline, int stages)
    {
        double? best = null;
        Try(devices, pipeline, stages, 0, [], 0, ref best);
        return best;
    }

    private static void Try(DeviceView[] devices, PipelineView pipeline, int stages, int start, List<string> used, double slowest, ref double? best)
    {
        var layers = pipeline.Model.LayerCount;
        if (used.Count == stages)
        {
            best = start == layers && (best is null || slowest < best) ? slowest : best;
            return;
        }

        foreach (var device in devices.Where(device => !used.Contains(device.Id) && (used.Count == 0 ? device.Id == pipeline.Head : device.Id != pipeline.Head && device.TakesStages)))
        {
            for (var end = start + 1; end <= layers; end++)
            {
                var range = new LayerRange(start, end);
                if (pipeline.Model.MemoryOf(range) <= device.Bytes)
                {
                    used.Add(device.Id);
                    Try(devices, pipeline, stages, end, used, Math.Max(slowest, pipeline.Model.ReadBy(range) / device.BytesPerSecond), ref best);
                    used.RemoveAt(used.Count - 1);
                }
            }
        }
    }
}
