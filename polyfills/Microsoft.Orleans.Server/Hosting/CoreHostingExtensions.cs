using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Clustering.Directory;
using Orleans.Runtime.Clustering.InProcess;
using Orleans.Runtime.Clustering.Network;
using Orleans.Runtime.Diagnostics;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Hosting;

public static class CoreHostingExtensions
{
    /// <summary>
    /// A cluster of silos on this machine, whose table is in the memory of the primary silo: the one at the given endpoint, or this one. The others wait for it to start,
    /// and cannot be without it.
    /// </summary>
    public static ISiloBuilder UseLocalhostClustering(
        this ISiloBuilder builder,
        int siloPort = EndpointOptions.DEFAULT_SILO_PORT,
        int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
        IPEndPoint? primarySiloEndpoint = null,
        string serviceId = "dev",
        string clusterId = "dev")
    {
        builder.Configure<ClusterOptions>(o =>
        {
            o.ServiceId = serviceId;
            o.ClusterId = clusterId;
        });
        builder.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
        builder.Services.TryAddSingleton<ISiloTableStore>(
            s => new PrimarySiloTable(primarySiloEndpoint, s.GetRequiredService<ILocalSiloDetails>(), s.GetRequiredService<GrainReferences>()));
        builder.Services.UseNetwork();
        return builder;
    }

    /// <summary>Makes activities for calls, and carries the trace to the grain.</summary>
    public static ISiloBuilder AddActivityPropagation(this ISiloBuilder builder)
    {
        builder.Services.AddActivityPropagation();
        return builder;
    }

    /// <summary>The silos of the cluster are processes, which find each other by the table that is registered.</summary>
    internal static void UseNetwork(this IServiceCollection services)
    {
        services.TryAddSingleton(s => EndpointsOf(s.GetRequiredService<IOptions<EndpointOptions>>().Value, s.GetRequiredService<ILocalSiloDetails>()));
        services.AddTcpTransport<SiloMessagingOptions>();
        services.TryAddSingleton<SiloControls>();
        services.TryAddSingleton<DistributedDirectory>();
        services.TryAddSingleton<IActivationDirectory>(s => s.GetRequiredService<DistributedDirectory>());
        services.TryAddSingleton<NetworkPeers>();
        services.TryAddSingleton<IPeerSilos>(s => s.GetRequiredService<NetworkPeers>());
        services.TryAddSingleton<IClusterManifests>(s => s.GetRequiredService<NetworkPeers>());
        services.TryAddSingleton<SiloControl>();
        services.TryAddSingleton<SiloFence>();
        services.TryAddSingleton<HealthMonitor>();
        services.TryAddSingleton<MembershipAgent>();
        services.TryAddSingleton<ISiloNetwork, SiloNetwork>();
        services.TryAddSingleton<IValidateOptions<ClusterMembershipOptions>, ClusterMembershipOptionsValidator>();
        services.TryAddSingleton<IValidateOptions<EndpointOptions>, EndpointOptionsValidator>();
    }

    internal static void UseInProcessCluster(this IServiceCollection services, InProcessCluster cluster)
    {
        services.TryAddSingleton<IMessageTransport>(cluster.Transport);
        services.TryAddSingleton<ISiloTableStore>(cluster.Table);
        services.TryAddSingleton<IActivationDirectory>(cluster.Directory);
        services.TryAddSingleton<IPeerSilos>(cluster.Peers);
        services.TryAddSingleton<IClusterManifests>(cluster.Peers);
    }

    private static TransportEndpoints EndpointsOf(EndpointOptions options, ILocalSiloDetails silo) => new(
        options.SiloListeningEndpoint ?? silo.SiloAddress.Endpoint,
        options.GatewayPort == 0 ? null : options.GatewayListeningEndpoint ?? silo.GatewayAddress.Endpoint);
}
