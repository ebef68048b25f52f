using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
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

namespace OrleansLM.Silo.Stages;

/// <summary>
/// Brings up the models that are spread over silos, once this silo is in the cluster: asks the plan where the stages go, connects them and serves. While there
/// are not enough devices it waits, and says for what.
/// </summary>
internal sealed partial class PipelineHost(
    IOptions<ServingOptions> serving, IOptions<StageSettings> settings, ModelRegistry registry, PipelineTable table, IGrainFactory grains, ILocalSiloDetails silo,
    TimeProvider time, IMeterFactory meters, ILogger<PipelineHost> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _work = Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var heads = serving.Value.Models.Where(model => model.Pipeline is { IsHead: true });
        _work = Task.WhenAll(heads.Select(model => Task.Run(() => ServeAsync(model), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _work;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();

    private async Task ServeAsync(ModelOptions options)
    {
        var pipeline = $"{silo.Name}/{options.Name ?? Checkpoint.FolderName(options.Directory)}";
        try
        {
            while (!await TryServeAsync(options, pipeline))
            {
                await Task.Delay(s_pause, time, _stopping.Token);
            }

            await FollowPlanAsync(pipeline);
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
        catch (Exception error)
        {
            LogFailed(error, pipeline);
        }
    }

    /// <summary>A stage whose device is being emptied, or for which there is a clearly faster one, moves.</summary>
    private async Task FollowPlanAsync(string pipeline)
    {
        using var timer = new PeriodicTimer(settings.Value.ReplanInterval, time);
        while (await timer.WaitForNextTickAsync(_stopping.Token))
        {
            try
            {
                var plan = await grains.GetGrain<IPlanGrain>(0).PreviewAsync(new PlanQuery(), _stopping.Token);
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
    }

    /// <returns>False: not now.</returns>
    private async Task<bool> TryServeAsync(ModelOptions options, string pipeline)
    {
        var checkpoint = Checkpoint.Open(options.Directory);
        try
        {
            table.Set(PipelineRequests.Of(pipeline, silo, checkpoint, InferenceEngine.StateBytes(checkpoint.Config, options.Engine)) with { Stages = options.Pipeline!.Stages });
            var route = new ClusterStageRoute(grains, table, pipeline);
            var stages = await route.PlaceAsync(_stopping.Token);
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
        });
        table.SetReroute(pipeline, engine.Reroute);
        var template = options.ChatTemplate is { Length: > 0 } name ? ChatTemplate.Named(name) : ChatTemplate.Of(options.Directory);
        registry.Add(new HostedModel(options.Name ?? checkpoint.Name, engine, template == ChatTemplate.None ? null : template));
        var places = string.Join(", ", stages.Select(stage => $"[{stage.FirstLayer}, {stage.EndLayer}) on {stage.Silo}"));
        LogServing(pipeline, places);
    }
}
