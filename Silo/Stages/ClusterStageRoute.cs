using Orleans;
using Orleans.Runtime;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Silo.Stages;

/// <summary>Where a pipeline's stages are, as the cluster's plan says.</summary>
internal sealed class ClusterStageRoute(IGrainFactory grains, PipelineTable table, string pipeline) : IStageRoute
{
    private static readonly TimeSpan s_unloadLimit = TimeSpan.FromSeconds(5);

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
        var stages = request.Planned ?? await AskAsync(request, cancellation).ConfigureAwait(false);
        table.Placed(request, stages);
        var kept = stages.Select(Held).ToHashSet();
        await Task.WhenAll((request.Current ?? []).Skip(1).Where(stage => !kept.Contains(Held(stage))).Select(stage => UnloadAsync(stage.Silo))).ConfigureAwait(false);
        return stages;
    }

    private async Task<StagePlace[]> AskAsync(PipelineRequest request, CancellationToken cancellation)
    {
        var placement = await grains.GetGrain<IPlanGrain>(0).PlaceAsync(request, cancellation).ConfigureAwait(false);
        return placement.Problem is { } problem ? throw new LinkLostException($"the stages of {pipeline} cannot be placed: {problem}") : placement.Stages;
    }

    private static (string Silo, int FirstLayer, int EndLayer) Held(StagePlace stage) => (stage.Silo, stage.FirstLayer, stage.EndLayer);

    /// <summary>What a silo held that is not in the route any more goes before anything else is loaded there; one that is gone holds nothing.</summary>
    private async Task UnloadAsync(string silo)
    {
        try
        {
            await grains.GetGrain<IStageGrain>(silo).UnloadAsync(pipeline).WaitAsync(s_unloadLimit).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            // It gives up by itself what nobody uses.
        }
    }
}
