using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Hosting;

/// <summary>Loads the models that are whole in this process before the silo starts, and gives all them back after it has stopped, when no grain can use them any more.</summary>
internal sealed partial class ModelHost(IOptions<ServingOptions> options, IEngineLoader loader, ModelRegistry registry, ILogger<ModelHost> logger) : IHostedLifecycleService
{
    private readonly ServingOptions _options = options.Value;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var model in _options.Models.Where(model => model.Pipeline is null))
        {
            await Task.Run(() => Load(model), cancellationToken);
        }
    }

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        foreach (var model in registry.All)
        {
            registry.Remove(model.Name);
            await model.Engine.DisposeAsync();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Load(ModelOptions options)
    {
        LogLoading(options.Directory);
        var began = Stopwatch.GetTimestamp();
        var model = loader.Load(options);
        registry.Add(model);
        var description = model.Engine.Description;
        LogLoaded(model.Name, description.ParameterCount, description.Backend, description.Stages.Count, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }
}
