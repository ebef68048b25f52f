using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Contracts.Grains;

/// <summary>Places the stages of all pipelines. Key 0. It remembers nothing: what runs is asked of the silos each time.</summary>
[Alias("orleanslm.IPlanGrain")]
public interface IPlanGrain : IGrainWithIntegerKey
{
    /// <summary>What would be where if everything was planned now. Changes nothing.</summary>
    /// <exception cref="OrleansLMException">NotFound: no silo serves the model; InvalidArgument: stages without a model.</exception>
    [Alias("Preview")]
    Task<PlanInfo> PreviewAsync(PlanQuery query, CancellationToken cancellationToken = default);

    /// <summary>Where a pipeline's stages are to be, now; its silo connects them.</summary>
    [Alias("Place")]
    Task<PipelinePlacement> PlaceAsync(PipelineRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Makes the plan true, for a model or, without a name, for all: pipelines whose stages belong elsewhere, or that are to have another number of them, are told to
    /// connect anew. Without a number of stages a running pipeline keeps its cuts.
    /// </summary>
    /// <exception cref="OrleansLMException">
    /// NotFound: no silo serves the model; InvalidArgument: stages without a model, or less than two; FailedPrecondition: the model is whole on a silo, and cannot be cut.
    /// </exception>
    [Alias("Apply")]
    Task<PlanInfo> ApplyAsync(PlanQuery query, CancellationToken cancellationToken = default);
}
