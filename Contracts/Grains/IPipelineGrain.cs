using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>Control shell of one replica of a model: the key is the silo's name and the model's, <c>silo/model</c>. No token ever passes through it.</summary>
[Alias("orleanslm.IPipelineGrain")]
public interface IPipelineGrain : IGrainWithStringKey
{
    /// <summary>Stages, memory and load of the replica, as of now.</summary>
    [Alias("Get")]
    Task<PipelineInfo> GetAsync(CancellationToken cancellationToken = default);
}
