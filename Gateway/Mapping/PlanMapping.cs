using OrleansLM.Contracts.Messages;
using Wire = OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Mapping;

/// <summary>Plans from grain messages to the wire.</summary>
internal static class PlanMapping
{
    /// <param name="plan">The plan.</param>
    /// <param name="applied">What was carried out; null: nothing was.</param>
    public static Wire.PlanResponse ToWire(this PlanInfo plan, PlanQuery? applied)
    {
        var devices = plan.Devices.ToDictionary(device => device.Silo, StringComparer.Ordinal);
        var wire = new Wire.PlanResponse();
        wire.Devices.AddRange(plan.Devices.Select(ToWire));
        wire.Pipelines.AddRange(plan.Pipelines.Select(pipeline => ToWire(pipeline, devices, applied)));
        return wire;
    }

    private static Wire.PlannedPipeline ToWire(PipelinePlacement pipeline, Dictionary<string, StageDevice> devices, PlanQuery? applied)
    {
        var wire = new Wire.PlannedPipeline { Pipeline = pipeline.Pipeline, Problem = pipeline.Problem ?? "" };
        var all = pipeline.Stages.Sum(stage => stage.Seconds);
        wire.Stages.AddRange(pipeline.Stages.Select(stage => ToWire(stage, devices[stage.Silo], all)));
        wire.Applied = applied is not null && pipeline.ConnectsAnew(applied);
        return wire;
    }

    private static Wire.PlannedStage ToWire(StagePlace stage, StageDevice device, double allSeconds) => new()
    {
        Silo = device.Name,
        Address = stage.Silo,
        Device = device.Device,
        FirstLayer = stage.FirstLayer,
        EndLayer = stage.EndLayer,
        WeightBytes = stage.Bytes - stage.StateBytes,
        StateBytes = stage.StateBytes,
        Seconds = stage.Seconds,
        Share = allSeconds > 0 ? stage.Seconds / allSeconds : 0,
        Change = Enum.Parse<Wire.StageChange>(stage.Change),
    };

    private static Wire.PlanDevice ToWire(StageDevice device) => new()
    {
        Silo = device.Name,
        Address = device.Silo,
        Zone = device.Zone,
        Device = device.Device,
        Bytes = device.Bytes,
        FreeBytes = device.FreeBytes,
        BytesPerSecond = device.BytesPerSecond,
        Draining = device.IsDraining,
        ServesStages = device.LinkAddress.Length > 0,
    };
}
