using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>What the cluster consists of. Key 0.</summary>
[Alias("orleanslm.IClusterGrain")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    [Alias("GetTopology")]
    Task<TopologyInfo> GetTopologyAsync(CancellationToken cancellationToken = default);

    /// <summary>The models that have a replica, by name.</summary>
    [Alias("ListModels")]
    Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default);
}
