using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansLM.Polyfills.Node;
using OrleansLM.Polyfills.Node.Grains;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Silos in processes of their own, and a client in this one.</summary>
internal sealed class NodeCluster(ClusterDatabase? database) : IAsyncDisposable
{
    private readonly List<NodeProcess> _nodes = [];
    private readonly List<IHost> _clients = [];
    private readonly string _clusterId = $"cluster-{Guid.NewGuid():N}";

    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    public IClusterClient Client => _clients[0].Services.GetRequiredService<IClusterClient>();

    public static async Task<NodeCluster> StartAsync(int silos, ClusterDatabase? database, int probeMs = 500)
    {
        var cluster = new NodeCluster(database);
        try
        {
            for (int i = 0; i < silos; i++)
                cluster.Add(probeMs: probeMs);
            await Task.WhenAll(cluster._nodes.Select(n => n.ReadyAsync()));
            await cluster.ConnectAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public NodeProcess Add(Func<NodeSettings, NodeSettings>? change = null, int probeMs = 500)
    {
        var settings = new NodeSettings
        {
            Name = $"node {_nodes.Count}",
            ClusterId = _clusterId,
            SiloPort = Ports.Take(),
            GatewayPort = Ports.Take(),
            Invariant = database?.Invariant,
            ConnectionString = database?.ConnectionString,
            PrimaryPort = _nodes.Count > 0 && database is null ? _nodes[0].Settings.SiloPort : null,
            ProbeMs = probeMs,
        };
        var node = new NodeProcess(change?.Invoke(settings) ?? settings);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A client of its own, which goes by the table, or by the gateway ports.</summary>
    public async Task<IClusterClient> ConnectAsync(Action<IClientBuilder>? configure = null)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client =>
        {
            UseCluster(client);
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
            client.AddActivityPropagation();
            configure?.Invoke(client);
        });
        IHost host = builder.Build();
        await host.StartAsync();
        _clients.Add(host);
        return host.Services.GetRequiredService<IClusterClient>();
    }

    public INodeGrain Grain(string key) => Client.GetGrain<INodeGrain>(key);

    public NodeProcess NodeAt(string address) => _nodes.Single(n => n.Address.ToParsableString() == address);

    /// <summary>Grains that are on a silo.</summary>
    public async Task<INodeGrain[]> GrainsOnAsync(NodeProcess node, int count)
    {
        var grains = new List<INodeGrain>();
        for (int i = 0; grains.Count < count; i++)
        {
            Assert.True(i < 2000, $"Of 2000 grains, {grains.Count} are on {node.Address}.");
            INodeGrain grain = Grain($"on {node.Settings.Name} {i}");
            if (await grain.Where() == node.Address.ToParsableString())
                grains.Add(grain);
        }

        return [.. grains];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHost client in _clients)
        {
            await client.StopAsync();
            client.Dispose();
        }

        foreach (NodeProcess node in _nodes)
            await node.DisposeAsync();
    }

    private void UseCluster(IClientBuilder client)
    {
        if (database is null)
        {
            client.UseLocalhostClustering([.. _nodes.Select(n => n.Settings.GatewayPort)], "test", _clusterId);
            return;
        }

        client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (_clusterId, "test"));
        client.UseAdoNetClustering((AdoNetClusteringClientOptions o) => (o.Invariant, o.ConnectionString) = (database.Invariant, database.ConnectionString));
    }
}
