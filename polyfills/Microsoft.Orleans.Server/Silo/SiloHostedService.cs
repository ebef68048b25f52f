using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Activations;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>Takes the silo through its stages when the host starts and stops.</summary>
internal sealed partial class SiloHostedService(IServiceProvider services, SiloLifecycle lifecycle, TimeProvider time, ILogger<SiloHostedService> logger) : IHostedService
{
    private ILocalSiloDetails Silo { get; } = services.GetRequiredService<ILocalSiloDetails>();

    private ISiloNetwork? Network { get; } = services.GetService<ISiloNetwork>();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<ISiloTableStore>() is null)
            throw new OrleansConfigurationException("No clustering is configured: call UseLocalhostClustering, or another clustering method, on the silo builder.");

        SubscribeRuntime();
        foreach (ILifecycleParticipant<ISiloLifecycle> participant in services.GetServices<ILifecycleParticipant<ISiloLifecycle>>())
            participant.Participate(lifecycle);
        await StartStagesAsync(cancellationToken);
        LogStarted(Silo.Name, Silo.SiloAddress);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // One that the cluster has declared dead lets its grains go at once: they may be elsewhere already.
        await lifecycle.StopAsync(Network?.IsFenced == true ? new CancellationToken(canceled: true) : cancellationToken);
        LogStopped(Silo.Name, Silo.SiloAddress);
    }

    // A silo that fails to start leaves the cluster, so that nobody waits for it.
    private async Task StartStagesAsync(CancellationToken cancellation)
    {
        try
        {
            await lifecycle.StartAsync(cancellation);
        }
        catch when (Network is not null)
        {
            await lifecycle.StopAsync(new CancellationToken(canceled: true));
            throw;
        }
    }

    private void SubscribeRuntime()
    {
        var runtime = services.GetRequiredService<SiloRuntime>();
        var catalog = services.GetRequiredService<Catalog>();
        var collector = services.GetRequiredService<IdleCollector>();
        lifecycle.Subscribe("Messaging", ServiceLifecycleStage.RuntimeInitialize, ct => ConnectAsync(runtime, catalog, ct), _ => DisconnectAsync());
        lifecycle.Subscribe("Membership", ServiceLifecycleStage.RuntimeServices, JoinAsync, LeaveAsync);
        lifecycle.Subscribe("Leave", ServiceLifecycleStage.RuntimeServices + 1, _ => Task.CompletedTask, _ => services.GetRequiredService<IMessageTransport>().LeaveAsync());
        lifecycle.Subscribe("Collector", ServiceLifecycleStage.RuntimeGrainServices, _ => Run(collector.Start), _ => Run(collector.Dispose));
        lifecycle.Subscribe("Activations", ServiceLifecycleStage.GrainDeactivation, _ => Task.CompletedTask, catalog.CloseAsync);
        lifecycle.Subscribe("Join", ServiceLifecycleStage.BecomeActive, BecomeActiveAsync, BeginLeavingAsync);
    }

    private static Task Run(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private async Task ConnectAsync(SiloRuntime runtime, Catalog catalog, CancellationToken cancellation)
    {
        catalog.Open(runtime);
        Network?.Open();
        await services.GetRequiredService<IMessageTransport>().AttachAsync(Silo.SiloAddress, runtime, cancellation);
        services.GetRequiredService<IPeerSilos>().Attach(Silo.SiloAddress, runtime);
    }

    private Task DisconnectAsync()
    {
        services.GetRequiredService<IPeerSilos>().Detach(Silo.SiloAddress);
        return services.GetRequiredService<IMessageTransport>().DetachAsync(Silo.SiloAddress);
    }

    private async Task JoinAsync(CancellationToken cancellation)
    {
        if (Network is not null)
            await Network.PrepareAsync(cancellation);
        await SetStatusAsync(SiloStatus.Joining, cancellation);
        if (Network is not null)
            await Network.JoinAsync(cancellation);
    }

    private async Task BecomeActiveAsync(CancellationToken cancellation)
    {
        await SetStatusAsync(SiloStatus.Active, cancellation);
        Network?.Start();
    }

    private async Task BeginLeavingAsync(CancellationToken cancellation)
    {
        Network?.BeginLeaving();
        await SetStatusAsync(SiloStatus.ShuttingDown, cancellation);
    }

    // The last status is written even when the host's patience is over.
    private async Task LeaveAsync(CancellationToken cancellation)
    {
        Network?.BeginLeaving();
        if (Network is not null)
            await Network.StopAsync();
        await SetStatusAsync(SiloStatus.Dead, CancellationToken.None);
    }

    private async Task SetStatusAsync(SiloStatus status, CancellationToken cancellation)
    {
        if (Network?.IsFenced == true)
            return;

        DateTime now = time.GetUtcNow().UtcDateTime;
        await services.GetRequiredService<SiloMembership>().UpdateAsync(
            Silo.SiloAddress,
            entry => (entry ?? new SiloTableEntry(Silo.SiloAddress, Silo.Name, status, Silo.GatewayAddress) { HostName = Silo.DnsHostName, StartTime = now })
                with { Status = status, IAmAliveTime = now },
            cancellation);
    }
}
