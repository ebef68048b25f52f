using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace OrleansLM.Polyfills.Node;

/// <summary>The host of a silo, in this process or in one of its own.</summary>
public static class NodeHost
{
    public static IHost Create(NodeSettings settings, Action<ILoggingBuilder>? configureLogging = null, Action<ISiloBuilder>? configure = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddLogging(logging => configureLogging?.Invoke(logging));
        builder.UseOrleans(silo =>
        {
            UseCluster(silo, settings);
            silo.Configure<SiloOptions>(o => o.SiloName = settings.Name);
            silo.Configure<ClusterMembershipOptions>(o => SetTimes(o, TimeSpan.FromMilliseconds(settings.ProbeMs)));
            silo.UseSiloMetadata(new Dictionary<string, string> { ["name"] = settings.Name });
            silo.AddActivityPropagation();
            configure?.Invoke(silo);
        });
        return builder.Build();
    }

    private static void UseCluster(ISiloBuilder silo, NodeSettings settings)
    {
        if (settings.Invariant is null)
        {
            IPEndPoint? primary = settings.PrimaryPort is { } port ? new IPEndPoint(IPAddress.Loopback, port) : null;
            silo.UseLocalhostClustering(settings.SiloPort, settings.GatewayPort, primary, settings.ServiceId, settings.ClusterId);
            return;
        }

        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (settings.ClusterId, settings.ServiceId));
        silo.ConfigureEndpoints(IPAddress.Loopback, settings.SiloPort, settings.GatewayPort);
        silo.UseAdoNetClustering((AdoNetClusteringSiloOptions o) => (o.Invariant, o.ConnectionString) = (settings.Invariant, settings.ConnectionString!));
    }

    private static void SetTimes(ClusterMembershipOptions options, TimeSpan probe)
    {
        options.ProbeTimeout = probe;
        options.NumMissedProbesLimit = 3;
        options.NumVotesForDeathDeclaration = 2;
        options.TableRefreshTimeout = probe * 4;
        options.IAmAliveTablePublishTimeout = probe * 4;
        options.MaxJoinAttemptTime = TimeSpan.FromMinutes(1);
    }
}
