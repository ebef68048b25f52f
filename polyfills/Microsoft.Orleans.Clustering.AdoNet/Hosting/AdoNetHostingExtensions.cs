using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;

namespace Orleans.Hosting;

public static class AdoNetHostingExtensions
{
    /// <summary>The silos of the cluster find each other by a table in a database, made by deploy/sql.</summary>
    public static ISiloBuilder UseAdoNetClustering(this ISiloBuilder builder, Action<AdoNetClusteringSiloOptions> configureOptions)
    {
        builder.Services.Configure(configureOptions);
        builder.Services.TryAddSingleton<ISiloTableStore>(s => new AdoNetSiloTable(DatabaseOf(s.GetRequiredService<IOptions<AdoNetClusteringSiloOptions>>().Value), ClusterOf(s)));
        builder.Services.UseNetwork();
        return builder;
    }

    /// <summary>The client finds the cluster's gateways by the silos' table in a database.</summary>
    public static IClientBuilder UseAdoNetClustering(this IClientBuilder builder, Action<AdoNetClusteringClientOptions> configureOptions)
    {
        builder.Services.Configure(configureOptions);
        builder.Services.TryAddSingleton<IGatewayListProvider>(
            s => new AdoNetGatewayList(DatabaseOf(s.GetRequiredService<IOptions<AdoNetClusteringClientOptions>>().Value), ClusterOf(s)));
        builder.Services.AddTcpGateways();
        return builder;
    }

    private static string ClusterOf(IServiceProvider services) => services.GetRequiredService<IOptions<ClusterOptions>>().Value.ClusterId;

    private static SiloDatabase DatabaseOf(AdoNetClusteringSiloOptions options) => SiloDatabase.Open(nameof(AdoNetClusteringSiloOptions), options.Invariant, options.ConnectionString);

    private static SiloDatabase DatabaseOf(AdoNetClusteringClientOptions options)
        => SiloDatabase.Open(nameof(AdoNetClusteringClientOptions), options.Invariant, options.ConnectionString);
}
