using Google.Protobuf.WellKnownTypes;
using OrleansLM.Contracts.Messages;
using Wire = OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Mapping;

/// <summary>The cluster's make-up from grain messages to the wire.</summary>
public static class TopologyMapping
{
    public static Wire.Topology ToWire(this TopologyInfo info)
    {
        var wire = new Wire.Topology { ClusterId = info.ClusterId, Time = info.Time.ToTimestamp() };
        wire.Silos.AddRange(info.Silos.Select(ToWire));
        return wire;
    }

    private static Wire.Silo ToWire(SiloInfo info)
    {
        var wire = new Wire.Silo { Name = info.Name, Address = info.Address, Status = info.Status, StartTime = info.StartTime.ToTimestamp(), Version = info.Version };
        wire.Pipelines.AddRange(info.Pipelines.Select(ToWire));
        wire.Load = info.Load?.ToWire();
        return wire;
    }

    private static Wire.Pipeline ToWire(PipelineInfo info)
    {
        var wire = new Wire.Pipeline
        {
            Model = info.Model,
            Backend = info.Backend,
            RunningTurns = info.RunningTurns,
            WaitingTurns = info.WaitingTurns,
            Sequences = info.Sequences,
            PagesUsed = info.PagesUsed,
            PagesTotal = info.PagesTotal,
            StateBytes = info.StateBytes,
            Steps = info.Steps,
            PrefilledTokens = info.PrefilledTokens,
            GeneratedTokens = info.GeneratedTokens,
            Evictions = info.Evictions,
            ReusedTokens = info.ReusedTokens,
            PagesCached = info.PagesCached,
        };
        wire.Stages.AddRange(info.Stages.Select(stage => new Wire.Stage { FirstLayer = stage.FirstLayer, EndLayer = stage.EndLayer, Device = stage.Device }));
        return wire;
    }
}
