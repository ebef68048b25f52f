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
        Models = device.Models.ToHashSet(StringComparer.Ordinal),
        Loaded = [.. device.Stages.Select(stage => new LoadedShard(stage.Fingerprint, new LayerRange(stage.FirstLayer, stage.EndLayer)))],
    };

    public static PipelineView Of(PipelineRequest request, bool anew) => new()
    {
        Name = request.Pipeline,
        Head = request.Head,
        Stages = request.Stages,
        LeastStages = request.Stages == 1 ? 1 : 2,
        Current = anew ? null : request.Current?.Select(stage => new PlacedStage(stage.Silo, new LayerRange(stage.FirstLayer, stage.EndLayer))).ToArray(),
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

    /// <param name="plan">The plan.</param>
    /// <param name="request">What it was made for.</param>
    /// <param name="addresses">Of links, by silo.</param>
    public static PipelinePlacement Of(PipelinePlan plan, PipelineRequest request, IReadOnlyDictionary<string, string> addresses) => new()
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
            StateBytes = request.StateBytesPerLayer * stage.Layers.Count,
            Seconds = stage.Seconds,
            Change = Change(stage, request).ToString(),
        }).ToArray(),
    };

    /// <summary>A pipeline that is cut anew is planned as if it did not run; what comes out as it is now stays nevertheless.</summary>
    private static StageChange Change(PlannedStage stage, PipelineRequest request) => stage.Change == StageChange.New && request.Current?.Any(current =>
        current.Silo == stage.Device && current.FirstLayer == stage.Layers.Start && current.EndLayer == stage.Layers.End) == true
        ? StageChange.Kept
        : stage.Change;
}
