using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansLM.Polyfills.Tests.Orleans.Calls;

namespace OrleansLM.Polyfills.Tests.Orleans.Clusters;

public sealed class HostTests
{
    [Fact]
    public async Task A_silo_alone_serves_the_grains_of_its_host()
    {
        using IHost host = CreateHost(_ => { });
        await host.StartAsync();
        var client = host.Services.GetRequiredService<IClusterClient>();
        Assert.Equal(5, await client.GetGrain<ICallGrain>(Guid.NewGuid()).Add(2, 3));
        Assert.Equal(5, await host.Services.GetRequiredService<IGrainFactory>().GetGrain<ICallGrain>(Guid.NewGuid()).Add(2, 3));
        var membership = host.Services.GetRequiredService<IClusterMembershipService>();
        ClusterMember member = Assert.Single(membership.CurrentSnapshot.Members.Values);
        Assert.Equal(SiloStatus.Active, member.Status);
        Assert.Equal("the silo", member.Name);
        await host.StopAsync();
    }

    [Fact]
    public async Task Lifecycle_stages_and_startup_tasks_run_in_order()
    {
        var signals = new Signals();
        using IHost host = CreateHost(
            silo =>
            {
                silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, LifecycleLog>();
                silo.AddStartupTask(async (services, _) =>
                {
                    int sum = await services.GetRequiredService<IGrainFactory>().GetGrain<ICallGrain>(Guid.NewGuid()).Add(20, 22);
                    signals.Log("startup", $"task {sum}");
                });
            },
            signals);
        await host.StartAsync();
        Assert.Equal(["initialize starts", "application starts", "active 3"], signals.LogOf("stages"));
        Assert.Equal(["task 42"], signals.LogOf("startup"));
        await host.StopAsync();
        Assert.Equal(["not active 7", "application stops", "initialize stops"], signals.LogOf("stages")[3..]);
    }

    [Fact]
    public async Task A_startup_task_that_fails_fails_the_start()
    {
        using IHost host = CreateHost(silo => silo.AddStartupTask((_, _) => throw new InvalidDataException("not ready")));
        await Assert.ThrowsAsync<InvalidDataException>(() => host.StartAsync());
    }

    [Fact]
    public async Task Collection_ages_are_checked_at_the_start()
    {
        using IHost host = CreateHost(silo => silo.Configure<GrainCollectionOptions>(o => o.CollectionAge = TimeSpan.FromSeconds(1)));
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        Assert.Contains(nameof(GrainCollectionOptions.CollectionAge), refused.Message, StringComparison.Ordinal);
    }

    private static IHost CreateHost(Action<ISiloBuilder> configure, Signals? signals = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(FreePort(), FreePort());
            silo.Configure<SiloOptions>(o => o.SiloName = "the silo");
            silo.Services.AddSingleton(signals ?? new Signals());
            configure(silo);
        });
        return builder.Build();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
