using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>Places the stages of all pipelines. Key 0. It remembers nothing: what runs is asked of the silos each time.</summary>
[Alias("orleanslm.IPlanGrain")]
public interface IPlanGrain : IGrainWithIntegerKey
{
    /// <summary>What would be where if everything was planned now. Changes nothing.</summary>
    [Alias("Preview")]
    Task<PlanInfo> PreviewAsync(CancellationToken cancellationToken = default);

    /// <summary>Where a pipeline's stages are to be, now; its silo connects them.</summary>
    [Alias("Place")]
    Task<PipelinePlacement> PlaceAsync(PipelineRequest request, CancellationToken cancellationToken = default);

    /// <summary>Makes the plan true: pipelines whose stages belong elsewhere are told to connect anew.</summary>
    [Alias("Apply")]
    Task<PlanInfo> ApplyAsync(CancellationToken cancellationToken = default);
}
