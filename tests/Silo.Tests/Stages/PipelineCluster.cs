using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.TestingHost;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Stages;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Stages;

/// <summary>Silos in this process: the first to be configured is the head of a pipeline of the tiny model, the others serve its stages.</summary>
internal sealed class PipelineCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly TemporaryDirectory _directory = new();
    private readonly InProcessTestCluster _cluster;
    private int _configured;

    private PipelineCluster(short silos, int stages)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSiloHost((_, host) =>
        {
            var number = Interlocked.Increment(ref _configured);
            host.Services.AddOrleansLMSilo(host.Configuration);
            host.Services.Configure<SessionLogOptions>(options => options.Path = _directory.File($"sessions-{number}.db"));
            host.Services.Configure<StageSettings>(options => (options.Enabled, options.SilenceLimit, options.GigabytesPerSecond, options.MemoryMib) = (true, s_limit, 10, 4096));
            host.Services.Configure<ServingOptions>(options => options.Models.Add(new ModelOptions
            {
                Directory = Repository.TinyModel,
                Engine = new EngineOptions { Threads = 1, StateBytes = 64 << 20, MaxStepTokens = 64 },
                Pipeline = new PipelineSettings { IsHead = number == 1, Stages = stages },
            }));
        });
        _cluster = builder.Build();
    }

    /// <summary>The head's engine.</summary>
    public InferenceEngine Engine => (InferenceEngine)Head.ServiceProvider.GetRequiredService<ModelRegistry>().All[0].Engine;

    public IGrainFactory Grains => Head.ServiceProvider.GetRequiredService<IGrainFactory>();

    /// <summary>Of a silo that serves stages only.</summary>
    public IGrainFactory GrainsElsewhere => _cluster.Silos.First(silo => silo != Head).ServiceProvider.GetRequiredService<IGrainFactory>();

    private InProcessSiloHandle Head => _cluster.Silos.Single(silo => silo.ServiceProvider.GetRequiredService<PipelineTable>().Requests.Count > 0);

    /// <summary>Starts the silos; returns when the pipeline serves.</summary>
    public static async Task<PipelineCluster> StartAsync(short silos, int stages)
    {
        var cluster = new PipelineCluster(silos, stages);
        await cluster._cluster.DeployAsync();
        await UntilAsync(() => Task.FromResult(cluster._cluster.Silos.Any(silo => silo.ServiceProvider.GetRequiredService<ModelRegistry>().All.Count > 0)), "the pipeline does not serve");
        return cluster;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_limit, otherwise);
            await Task.Delay(50);
        }
    }

    /// <summary>Stops the silo with this address, and its stages.</summary>
    public Task StopAsync(string silo) => _cluster.StopSiloAsync(_cluster.Silos.Single(handle => handle.SiloAddress.ToParsableString() == silo));

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _directory.Dispose();
    }
}
