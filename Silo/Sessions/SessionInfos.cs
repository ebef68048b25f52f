using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>A session's record as callers see it.</summary>
internal static class SessionInfos
{
    public static SessionInfo Of(SessionRecord session, IReadOnlyList<CheckpointInfo> checkpoints) => new()
    {
        SessionId = session.SessionId,
        Model = session.Model,
        Length = session.Length,
        CreateTime = session.CreateTime,
        UpdateTime = session.UpdateTime,
        ExpireTime = session.ExpireTime,
        Tenant = session.Tenant,
        Metadata = session.Metadata,
        SamplingDefaults = session.SamplingDefaults,
        StopDefaults = session.StopDefaults,
        Checkpoints = checkpoints,
        ActiveTurnId = session.ActiveTurnId,
        LastTurnId = session.LastTurnId,
        ParentSessionId = session.ParentSessionId,
        ParentPosition = session.ParentPosition,
    };
}
