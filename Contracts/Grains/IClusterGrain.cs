using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>What the cluster consists of. Key 0.</summary>
[Alias("orleanslm.IClusterGrain")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    [Alias("GetTopology")]
    Task<TopologyInfo> GetTopologyAsync(CancellationToken cancellationToken = default);

    /// <summary>The sessions in the memory of all silos that answer.</summary>
    [Alias("ListSessions")]
    Task<IReadOnlyList<SessionLocation>> ListSessionsAsync(CancellationToken cancellationToken = default);

    /// <summary>Moves a session from wherever it is; targets are names or addresses of silos, null: the placement chooses.</summary>
    [Alias("Move")]
    Task<MoveReport> MoveAsync(string sessionId, string? target, CancellationToken cancellationToken = default);

    /// <summary>Drains the silo with the name or address.</summary>
    [Alias("Drain")]
    IAsyncEnumerable<MoveReport> DrainAsync(string silo, CancellationToken cancellationToken = default);

    [Alias("Undrain")]
    Task UndrainAsync(string silo, CancellationToken cancellationToken = default);

    /// <summary>The models that have a replica, by name.</summary>
    [Alias("ListModels")]
    Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default);
}
