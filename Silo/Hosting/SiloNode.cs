using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansLM.Hosting.Cluster;
using OrleansLM.Hosting.Nodes;
using OrleansLM.Hosting.Telemetry;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Membership;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Hosting;

/// <summary>A silo as a process of its own.</summary>
public static class SiloNode
{
    private const string ReadyTag = "ready";

    public static Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken) => NodeProgram.RunAsync("silo", () => Build(arguments), cancellationToken);

    private static WebApplication Build(string[] arguments)
    {
        var builder = NodeHost.CreateBuilder();
        NodeConfiguration.Add(builder.Configuration, arguments);
        var node = NodeConfiguration.Read<NodeSettings>(builder.Configuration, NodeSettings.Section);
        var cluster = ClusterSetup.Read(builder.Configuration);
        NodeLogging.Configure(builder.Logging, node.JsonLogs, node.LogLevel);
        builder.WebHost.UseUrls(node.Listen.AbsoluteUri);
        builder.Services.AddMemberTables(cluster);
        builder.Host.UseOrleans(silo => UseCluster(silo, cluster));
        builder.Services.AddOrleansLMSilo(builder.Configuration);
        builder.Services.PostConfigure<SessionLogOptions>(log => ShareLog(log, cluster));
        builder.Services.PostConfigure<SnapshotOptions>(snapshots => snapshots.Folder ??= SnapshotFolder(cluster));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(60));
        builder.Services.AddHealthChecks().AddCheck<SiloHealthCheck>("silo", tags: [ReadyTag]);
        if (node.Otlp is { } endpoint)
        {
            builder.Services.AddHostedService(_ => new OtlpExport(endpoint, cluster.Name));
        }

        var app = builder.Build();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(ReadyTag) });
        return app;
    }

    /// <summary>Silos of one machine wake each other's sessions.</summary>
    private static string? SnapshotFolder(ClusterSettings cluster) => cluster.Clustering == ClusteringKind.Postgres
        ? Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "orleanslm", cluster.ClusterId, "snapshots")
        : null;

    private static void UseCluster(ISiloBuilder silo, ClusterSettings cluster)
    {
        if (cluster.Clustering == ClusteringKind.None)
        {
            silo.UseLocalhostClustering(cluster.SiloPort, cluster.ClientPort);
        }
        else
        {
            var (invariant, connection) = MemberDatabase.Of(cluster)!;
            silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (invariant, connection));
            silo.Services.AddSingleton(cluster);
            silo.Services.AddHostedService<CutWatch>();
            silo.ConfigureEndpoints(IPAddress.Parse(cluster.Address), cluster.SiloPort, cluster.ClientPort);
        }

        if (ClusterTls.Load(cluster.Tls) is { } tls)
        {
            silo.UseTls(tls.ApplyTo);
        }

        silo.Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = cluster.ClusterId);
        silo.Configure<SiloOptions>(options => options.SiloName = cluster.Name ?? $"{Environment.MachineName}-{cluster.SiloPort}");
        silo.Configure<ClusterMembershipOptions>(options => ClusterSetup.Configure(options, cluster));
        silo.AddActivityPropagation();
    }

    /// <summary>A log that nobody placed elsewhere lies where the cluster meets.</summary>
    private static void ShareLog(SessionLogOptions log, ClusterSettings cluster)
    {
        if (cluster.Clustering == ClusteringKind.Postgres && log is { Kind: SessionLogKind.Sqlite, Path: "sessions.db" })
        {
            (log.Kind, log.ConnectionString) = (SessionLogKind.Postgres, cluster.ConnectionString);
        }
        else if (cluster.Clustering == ClusteringKind.Sqlite && log.Kind == SessionLogKind.Sqlite)
        {
            log.Shared = true;
            log.Path = log.Path == "sessions.db" ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(cluster.Path!))!, "sessions.db") : log.Path;
        }
    }
}
