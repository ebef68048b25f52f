using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace OrleansLM.Polyfills.Tests.Orleans;

/// <summary>A cluster in this process, whose grains share <see cref="Signals"/> with the test. As a class fixture it has one silo and default options.</summary>
public sealed class GrainCluster : IAsyncLifetime, IAsyncDisposable
{
    private GrainCluster(InProcessTestCluster cluster, Signals signals)
    {
        Cluster = cluster;
        Signals = signals;
    }

    public GrainCluster()
    {
        Signals = new Signals();
        Cluster = Build(1, Signals, null, null);
    }

    public Signals Signals { get; }

    public InProcessTestCluster Cluster { get; }

    public IGrainFactory Grains => Cluster.Client;

    /// <summary>The grain factory of a silo, whose calls start on that silo.</summary>
    public IGrainFactory GrainsOf(int silo) => Cluster.Silos[silo].ServiceProvider.GetRequiredService<IGrainFactory>();

    public static async Task<GrainCluster> StartAsync(short silos, Action<ISiloBuilder>? configure = null, Action<IClientBuilder>? configureClient = null)
    {
        var signals = new Signals();
        var cluster = new GrainCluster(Build(silos, signals, configure, configureClient), signals);
        await cluster.Cluster.DeployAsync();
        return cluster;
    }

    public Task InitializeAsync() => Cluster.DeployAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await Cluster.DisposeAsync();

    private static InProcessTestCluster Build(short silos, Signals signals, Action<ISiloBuilder>? configure, Action<IClientBuilder>? configureClient)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(signals);
            configure?.Invoke(silo);
        });
        builder.ConfigureClient(client => configureClient?.Invoke(client));
        return builder.Build();
    }
}
