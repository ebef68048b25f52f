using Google.Protobuf.WellKnownTypes;
using OrleansLM.Contracts.Messages;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Mapping;

/// <summary>Sessions from grain messages to the wire.</summary>
public static class SessionMapping
{
    public static Session ToWire(this SessionInfo info)
    {
        var wire = new Session
        {
            SessionId = info.SessionId,
            Model = info.Model,
            Length = info.Length,
            CreateTime = info.CreateTime.ToTimestamp(),
            UpdateTime = info.UpdateTime.ToTimestamp(),
            ExpireTime = info.ExpireTime?.ToTimestamp(),
            Tenant = info.Tenant,
            SamplingDefaults = info.SamplingDefaults.ToWire(),
            StopDefaults = info.StopDefaults.ToWire(),
            ActiveTurnId = info.ActiveTurnId ?? "",
            LastTurnId = info.LastTurnId ?? "",
            ParentSessionId = info.ParentSessionId ?? "",
            ParentPosition = info.ParentPosition,
            ComputedLength = info.ComputedLength,
            SnapshotLength = info.SnapshotLength,
        };
        wire.Metadata.Add(new Dictionary<string, string>(info.Metadata));
        wire.Checkpoints.AddRange(info.Checkpoints.Select(ToWire));
        return wire;
    }

    private static Checkpoint ToWire(CheckpointInfo info) => new()
    {
        Name = info.Name,
        Position = info.Position,
        CreateTime = info.CreateTime.ToTimestamp(),
    };
}
