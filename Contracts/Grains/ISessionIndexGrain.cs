using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>All sessions of the log, active or asleep. Key 0.</summary>
[Alias("orleanslm.ISessionIndexGrain")]
public interface ISessionIndexGrain : IGrainWithIntegerKey
{
    /// <summary>A page of sessions, newest first. InvalidArgument for a page token that this server did not make.</summary>
    [Alias("List")]
    Task<SessionPage> ListAsync(SessionQuery query, CancellationToken cancellationToken = default);
}
