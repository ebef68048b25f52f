using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Clustering.InProcess;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Hosting;

public static class CoreHostingExtensions
{
    /// <summary>A cluster of this silo alone, or of the silos of an in-process test cluster. No port is opened.</summary>
    public static ISiloBuilder UseLocalhostClustering(
        this ISiloBuilder builder,
        int siloPort = EndpointOptions.DEFAULT_SILO_PORT,
        int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
        IPEndPoint? primarySiloEndpoint = null,
        string serviceId = "dev",
        string clusterId = "dev")
    {
        if (primarySiloEndpoint is not null && !primarySiloEndpoint.Equals(new IPEndPoint(IPAddress.Loopback, siloPort)))
            throw new NotSupportedException($"This stand-in cannot join the silo at {primarySiloEndpoint}: UseLocalhostClustering makes a cluster of one silo here.");

        builder.Configure<ClusterOptions>(o =>
        {
            o.ServiceId = serviceId;
            o.ClusterId = clusterId;
        });
        builder.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
        builder.Services.UseInProcessCluster(new InProcessCluster());
        return builder;
    }

    internal static void UseInProcessCluster(this IServiceCollection services, InProcessCluster cluster)
    {
        services.TryAddSingleton<IMessageTransport>(cluster.Transport);
        services.TryAddSingleton<ISiloTableStore>(cluster.Table);
        services.TryAddSingleton<IActivationDirectory>(cluster.Directory);
        services.TryAddSingleton<IPeerSilos>(cluster.Peers);
        services.TryAddSingleton<IClusterManifests>(cluster.Peers);
    }
}
