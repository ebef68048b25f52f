using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>The stages on one silo; the key is its address (<c>SiloAddress.ToParsableString</c>), and the activation lives nowhere else. No step passes through it.</summary>
[Alias("orleanslm.IStageGrain")]
public interface IStageGrain : IGrainWithStringKey
{
    /// <summary>What the silo offers, what it holds, and which pipelines begin here.</summary>
    [Alias("Describe")]
    Task<StageDevice> DescribeAsync(CancellationToken cancellationToken = default);

    /// <summary>Gives the stages of a pipeline back, whether or not they are in use.</summary>
    [Alias("Unload")]
    Task UnloadAsync(string pipeline, CancellationToken cancellationToken = default);

    /// <summary>A pipeline that begins here connects anew; its turns go on with the same tokens.</summary>
    /// <param name="pipeline">Which.</param>
    /// <param name="stages">Where it runs then, cut as they say.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [Alias("Reroute")]
    Task RerouteAsync(string pipeline, StagePlace[] stages, CancellationToken cancellationToken = default);
}
