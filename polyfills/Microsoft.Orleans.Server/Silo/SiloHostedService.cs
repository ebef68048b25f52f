using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Activations;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>Takes the silo through its stages when the host starts and stops.</summary>
internal sealed partial class SiloHostedService(IServiceProvider services, SiloLifecycle lifecycle, ILogger<SiloHostedService> logger) : IHostedService
{
    private ILocalSiloDetails Silo { get; } = services.GetRequiredService<ILocalSiloDetails>();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<ISiloTableStore>() is null)
            throw new OrleansConfigurationException("No clustering is configured: call UseLocalhostClustering, or another clustering method, on the silo builder.");

        SubscribeRuntime();
        foreach (ILifecycleParticipant<ISiloLifecycle> participant in services.GetServices<ILifecycleParticipant<ISiloLifecycle>>())
            participant.Participate(lifecycle);
        await lifecycle.StartAsync(cancellationToken);
        LogStarted(Silo.Name, Silo.SiloAddress);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await lifecycle.StopAsync(cancellationToken);
        LogStopped(Silo.Name, Silo.SiloAddress);
    }

    private void SubscribeRuntime()
    {
        var runtime = services.GetRequiredService<SiloRuntime>();
        var catalog = services.GetRequiredService<Catalog>();
        var collector = services.GetRequiredService<IdleCollector>();
        lifecycle.Subscribe("Messaging", ServiceLifecycleStage.RuntimeInitialize, _ => Connect(runtime, catalog), _ => Disconnect());
        lifecycle.Subscribe("Membership", ServiceLifecycleStage.RuntimeServices, ct => SetStatusAsync(SiloStatus.Joining, ct), ct => SetStatusAsync(SiloStatus.Dead, ct));
        lifecycle.Subscribe("Collector", ServiceLifecycleStage.RuntimeGrainServices, _ => Run(collector.Start), _ => Run(collector.Dispose));
        lifecycle.Subscribe("Activations", ServiceLifecycleStage.GrainDeactivation, _ => Task.CompletedTask, catalog.CloseAsync);
        lifecycle.Subscribe("Join", ServiceLifecycleStage.BecomeActive, ct => SetStatusAsync(SiloStatus.Active, ct), ct => SetStatusAsync(SiloStatus.ShuttingDown, ct));
    }

    private static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private Task Connect(SiloRuntime runtime, Catalog catalog)
    {
        catalog.Open(runtime);
        services.GetRequiredService<IMessageTransport>().Attach(Silo.SiloAddress, runtime);
        services.GetRequiredService<IPeerSilos>().Attach(Silo.SiloAddress, runtime);
        return Task.CompletedTask;
    }

    private Task Disconnect()
    {
        services.GetRequiredService<IPeerSilos>().Detach(Silo.SiloAddress);
        services.GetRequiredService<IMessageTransport>().Detach(Silo.SiloAddress);
        return Task.CompletedTask;
    }

    // The last status is written even when the host's patience is over.
    private Task SetStatusAsync(SiloStatus status, CancellationToken cancellation) => services.GetRequiredService<SiloMembership>().UpdateAsync(
        Silo.SiloAddress,
        _ => new SiloTableEntry(Silo.SiloAddress, Silo.Name, status, Silo.GatewayAddress),
        status == SiloStatus.Dead ? CancellationToken.None : cancellation);
}
