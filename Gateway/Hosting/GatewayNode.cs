using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansLM.Hosting.Cluster;
using OrleansLM.Hosting.Nodes;
using OrleansLM.Hosting.Telemetry;

namespace OrleansLM.Gateway.Hosting;

/// <summary>A gateway as a process of its own.</summary>
public static class GatewayNode
{
    private static readonly TimeSpan s_listRefresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_retryPause = TimeSpan.FromMilliseconds(500);

    public static Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken) => NodeProgram.RunAsync("gateway", () => Build(arguments), cancellationToken);

    private static WebApplication Build(string[] arguments)
    {
        var builder = NodeHost.CreateBuilder();
        NodeConfiguration.Add(builder.Configuration, arguments);
        var node = NodeConfiguration.Read<NodeSettings>(builder.Configuration, NodeSettings.Section);
        var cluster = Checked(NodeConfiguration.Read<ClusterSettings>(builder.Configuration, ClusterSettings.Section));
        NodeLogging.Configure(builder.Logging, node.JsonLogs, node.LogLevel);
        builder.WebHost.ListenForClients(node.Listen);
        builder.Services.AddMemberTables(cluster);
        builder.UseOrleansClient(client => UseCluster(client, cluster));
        builder.Services.AddOrleansLMGateway(builder.Configuration);
        if (node.Otlp is { } endpoint)
        {
            builder.Services.AddHostedService(_ => new OtlpExport(endpoint));
        }

        var app = builder.Build();
        app.MapOrleansLMGateway();
        return app;
    }

    private static void UseCluster(IClientBuilder client, ClusterSettings cluster)
    {
        if (cluster.Clustering == ClusteringKind.None)
        {
            client.UseLocalhostClustering(cluster.ClientPort);
        }
        else
        {
            var (invariant, connection) = MemberDatabase.Of(cluster)!;
            client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (invariant, connection));
        }

        if (ClusterTls.Load(cluster.Tls) is { } tls)
        {
            client.UseTls(tls.ApplyTo);
        }

        var began = TimeProvider.System.GetTimestamp();
        client.Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = cluster.ClusterId);
        client.Configure<Orleans.Configuration.GatewayOptions>(options => options.GatewayListRefreshPeriod = s_listRefresh);
        client.AddActivityPropagation();
        client.UseConnectionRetryFilter(async (_, stop) =>
        {
            await Task.Delay(s_retryPause, stop);
            return TimeProvider.System.GetElapsedTime(began) < cluster.JoinTimeout;
        });
    }

    private static ClusterSettings Checked(ClusterSettings cluster)
    {
        var result = new ClusterSettingsValidator().Validate(null, cluster);
        return result.Failed ? throw new OptionsValidationException(ClusterSettings.Section, typeof(ClusterSettings), result.Failures) : cluster;
    }
}
