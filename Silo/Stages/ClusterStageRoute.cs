using Orleans;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Silo.Stages;

/// <summary>Where a pipeline's stages are, as the cluster's plan says.</summary>
internal sealed class ClusterStageRoute(IGrainFactory grains, PipelineTable table, string pipeline) : IStageRoute
{
    public async Task<IReadOnlyList<StageHop>> FindAsync(string? lost, CancellationToken cancellation)
    {
        var placement = await PlaceAsync(cancellation).ConfigureAwait(false);
        return [.. placement.Skip(1).Select(stage => new StageHop(new LayerRange(stage.FirstLayer, stage.EndLayer), LinkAddress.Parse(stage.LinkAddress)))];
    }

    /// <summary>The stages, the first included.</summary>
    /// <exception cref="LinkLostException">They cannot be placed; the message says why.</exception>
    public async Task<StagePlace[]> PlaceAsync(CancellationToken cancellation)
    {
        var request = table.Find(pipeline)!;
        var placement = await grains.GetGrain<IPlanGrain>(0).PlaceAsync(request, cancellation).ConfigureAwait(false);
        if (placement.Problem is { } problem)
        {
            throw new LinkLostException($"the stages of {pipeline} cannot be placed: {problem}");
        }

        table.Set(request with { Current = placement.Stages });
        foreach (var silo in (request.Current ?? []).Select(stage => stage.Silo).Except(placement.Stages.Select(stage => stage.Silo)))
        {
            Unload(silo);
        }

        return placement.Stages;
    }

    /// <summary>What a silo held that is not in the route any more; one that is gone holds nothing.</summary>
    private void Unload(string silo) => _ = grains.GetGrain<IStageGrain>(silo).UnloadAsync(pipeline)
        .ContinueWith(task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
