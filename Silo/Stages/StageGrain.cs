using Orleans;
using Orleans.Concurrency;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Stages;

/// <summary>The stages of this silo, for the others.</summary>
[Reentrant]
[PinnedPlacement]
public sealed class StageGrain(StageNode node, PipelineTable pipelines) : Grain, IStageGrain
{
    // Loading holds the list of stages for as long as it takes; a grain turn does not wait for that.
    public Task<StageDevice> DescribeAsync(CancellationToken cancellationToken = default) => Task.Run(node.Describe, cancellationToken);

    public Task UnloadAsync(string pipeline, CancellationToken cancellationToken = default) => Task.Run(() => node.Unload(pipeline), cancellationToken);

    public Task RerouteAsync(string pipeline, StagePlace[] stages, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            if (!pipelines.Reroute(pipeline, stages))
            {
                throw new OrleansLMException(ErrorCode.NotFound, $"no pipeline '{pipeline}' runs from here") { Field = "pipeline" };
            }
        },
        cancellationToken);
}
