using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Runtime;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Planning;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Stages;

/// <summary>
/// Brings up the models that are spread over silos, once this silo is in the cluster: asks the plan where the stages go, connects them and serves. While there
/// are not enough devices it waits, and says for what.
/// </summary>
internal sealed partial class PipelineHost(
    IOptions<ServingOptions> serving, IOptions<StageSettings> settings, IOptions<SnapshotOptions> snapshots, ModelRegistry registry, PipelineTable table, IGrainFactory grains, ILocalSiloDetails silo,
    TimeProvider time, IMeterFactory meters, ILogger<PipelineHost> logger) : SiloWork
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    protected override Task RunAsync() =>
        Task.WhenAll(serving.Value.Models.Where(model => model.Pipeline is { IsHead: true }).Select(model => Task.Run(() => ServeAsync(model), CancellationToken.None)));

    private async Task ServeAsync(ModelOptions options)
    {
        var pipeline = $"{silo.Name}/{options.Name ?? Checkpoint.FolderName(options.Directory)}";
        try
        {
            while (!await TryServeAsync(options, pipeline))
            {
                await Task.Delay(s_pause, time, Stopping);
            }

            await EveryAsync(settings.Value.ReplanInterval, time, () => FollowPlanAsync(pipeline));
        }
        catch (Exception error) when (error is not OperationCanceledException || !Stopping.IsCancellationRequested)
        {
            LogFailed(error, pipeline);
        }
    }

    /// <summary>A stage whose device is being emptied, or for which there is a clearly faster one, moves.</summary>
    private async Task FollowPlanAsync(string pipeline)
    {
        try
        {
            var plan = await grains.GetGrain<IPlanGrain>(0).PreviewAsync(new PlanQuery(), Stopping);
            if (plan.Pipelines.Any(planned => planned.Pipeline == pipeline && planned.Stages.Any(stage => stage.Change == nameof(StageChange.Moved))))
            {
                LogMoving(pipeline);
                table.Reroute(pipeline);
            }
        }
        catch (Exception error) when (error is OrleansException or OrleansLMException or TimeoutException)
        {
            LogWaiting(pipeline, error.Message);
        }
    }

    /// <returns>False: not now.</returns>
    private async Task<bool> TryServeAsync(ModelOptions options, string pipeline)
    {
        var checkpoint = Checkpoint.Open(options.Directory);
        try
        {
            table.Set(PipelineRequests.Of(pipeline, silo, checkpoint, InferenceEngine.StateBytes(checkpoint.Config, options.Engine)) with { Stages = options.Pipeline!.Stages });
            var route = new ClusterStageRoute(grains, table, pipeline);
            var stages = await route.PlaceAsync(Stopping);
            Serve(options, pipeline, checkpoint, route, stages);
            return true;
        }
        catch (Exception error) when (error is IOException or OrleansException or OrleansLMException or TimeoutException && error is not CheckpointException)
        {
            checkpoint.Dispose();
            LogWaiting(pipeline, error.Message);
            return false;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private void Serve(ModelOptions options, string pipeline, Checkpoint checkpoint, ClusterStageRoute route, StagePlace[] stages)
    {
        var engine = InferenceEngine.Load(checkpoint, ModelTokenizers.Open(options.Directory), options.Engine, time, meters, new RemoteStages
        {
            ClusterId = silo.ClusterId,
            Pipeline = pipeline,
            Layers = [.. stages.Select(stage => new LayerRange(stage.FirstLayer, stage.EndLayer))],
            Route = route,
            Link = StageLinks.Of(settings.Value),
            LossTimeout = settings.Value.LossTimeout,
            CarriageFolder = snapshots.Value.Folder,
        });
        table.SetReroute(pipeline, engine.Reroute);
        var template = options.ChatTemplate is { Length: > 0 } name ? ChatTemplate.Named(name) : ChatTemplate.Of(options.Directory);
        registry.Add(new HostedModel(options.Name ?? checkpoint.Name, engine, template == ChatTemplate.None ? null : template));
        var places = string.Join(", ", stages.Select(stage => $"[{stage.FirstLayer}, {stage.EndLayer}) on {stage.Silo}"));
        LogServing(pipeline, places);
    }
}
