using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Models;
using OrleansLM.Silo.Planning;

namespace OrleansLM.Silo.Stages;

/// <summary>Messages to what the planner sees, and back.</summary>
internal static class PlanViews
{
    public static DeviceView Of(StageDevice device) => new(device.Silo, device.Zone, device.Bytes, device.BytesPerSecond)
    {
        TakesStages = !device.IsDraining && device.LinkAddress.Length > 0,
        Loaded = [.. device.Stages.Select(stage => new LoadedShard(stage.Fingerprint, new LayerRange(stage.FirstLayer, stage.EndLayer)))],
    };

    public static PipelineView Of(PipelineRequest request) => new()
    {
        Name = request.Pipeline,
        Head = request.Head,
        Stages = request.Stages,
        Current = request.Current?.Select(stage => new PlacedStage(stage.Silo, new LayerRange(stage.FirstLayer, stage.EndLayer))).ToArray(),
        Model = new ModelView
        {
            Name = request.Model,
            Fingerprint = request.Fingerprint,
            LayerBytes = request.LayerBytes,
            StateBytesPerLayer = request.StateBytesPerLayer,
            EmbeddingBytes = request.EmbeddingBytes,
            OutputBytes = request.OutputBytes,
        },
    };

    public static PipelinePlacement Of(PipelinePlan plan, IReadOnlyDictionary<string, string> addresses) => new()
    {
        Pipeline = plan.Name,
        Problem = plan.Problem,
        Stages = plan.Stages.Select((stage, i) => new StagePlace
        {
            Silo = stage.Device,
            FirstLayer = stage.Layers.Start,
            EndLayer = stage.Layers.End,
            LinkAddress = i == 0 ? "" : addresses[stage.Device],
            Bytes = stage.Bytes,
            Seconds = stage.Seconds,
            Change = stage.Change.ToString(),
        }).ToArray(),
    };
}
