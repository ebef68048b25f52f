using System.Net;
using System.Net.Sockets;
using OrleansLM.LocalCluster.Network;

namespace OrleansLM.LocalCluster;

/// <summary>A cluster of processes on loopback, in a temporary folder. Disposing ends them all and removes the folder.</summary>
public sealed class LoopbackCluster : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orleanslm-loopback-").FullName;
    private readonly LoopbackOptions _options;
    private readonly List<NodeProcess> _silos = [];
    private readonly List<NodeProcess> _gateways = [];

    private LoopbackCluster(LoopbackOptions options)
    {
        _options = options;
    }

    public IReadOnlyList<NodeProcess> Silos => _silos;

    public IReadOnlyList<NodeProcess> Gateways => _gateways;

    /// <summary>Null when the cluster meets in a SQLite file.</summary>
    public PostgresServer? Postgres { get; private set; }

    /// <summary>Null when all nodes share this machine's network.</summary>
    public SwitchedNetwork? Network { get; private set; }

    /// <summary>What all of them wrote to standard error.</summary>
    public string Errors => string.Join('\n', _silos.Concat(_gateways).Select(node => $"--- {node.Name}\n{node.Errors}"));

    /// <summary>What all of them wrote to standard error since this was asked last.</summary>
    public string TakeErrors() => string.Join('\n', _silos.Concat(_gateways).Select(node => $"--- {node.Name}\n{node.TakeErrors()}"));

    /// <summary>Returns when all nodes serve.</summary>
    public static async Task<LoopbackCluster> StartAsync(LoopbackOptions options)
    {
        var cluster = new LoopbackCluster(options);
        try
        {
            cluster.Network = options.UseNetwork ? await SwitchedNetwork.StartAsync() : null;
            cluster.Postgres = options.UsePostgres ? await PostgresServer.StartAsync(cluster.Network?.Address ?? IPAddress.Loopback) : null;
            var silos = new List<Task>();
            for (var i = 0; i < options.Silos; i++)
            {
                silos.Add(cluster.BeginSilo(await cluster.HostAsync()));
            }

            await Task.WhenAll(silos);
            await Task.WhenAll(Enumerable.Range(0, options.Gateways).Select(_ => cluster.AddGatewayAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more silo, with more settings.</summary>
    public async Task<NodeProcess> AddSiloAsync(params string[] settings) => await BeginSilo(await HostAsync(), settings);

    /// <summary>One more gateway.</summary>
    public async Task<NodeProcess> AddGatewayAsync()
    {
        NodeProcess gateway;
        lock (_gateways)
        {
            gateway = new NodeProcess($"gateway-{_gateways.Count + 1}", _options.Program, ["gateway", "--listen", $"http://127.0.0.1:{FreePorts().First}", .. Common()]);
            _gateways.Add(gateway);
        }

        await gateway.StartAsync(_options.StartLimit);
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _gateways.Concat(_silos))
        {
            await node.DisposeAsync();
        }

        if (Postgres is { } postgres)
        {
            await postgres.DisposeAsync();
        }

        if (Network is { } network)
        {
            await network.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<NetworkHost?> HostAsync() => Network is { } network ? await network.AddHostAsync() : null;

    private async Task<NodeProcess> BeginSilo(NetworkHost? host, params string[] settings)
    {
        var name = $"silo-{_silos.Count + 1}";
        var silo = new NodeProcess(name, _options.Program, [.. SiloArguments(name), .. Address(host), .. Common(), .. _options.SiloSettings, .. settings]) { Host = host };
        _silos.Add(silo);
        await silo.StartAsync(_options.StartLimit);
        return silo;
    }

    private string[] SiloArguments(string name)
    {
        var (siloPort, clientPort) = FreePorts();
        return ["silo", "--name", name, "--model", _options.Model, "--silo-port", $"{siloPort}", "--client-port", $"{clientPort}", "--threads", "1", "--Snapshots:Folder", Path.Combine(_folder, "snapshots")];
    }

    private static string[] Address(NetworkHost? host) => host is null ? [] : ["--address", $"{host.Address}"];

    private IEnumerable<string> Common() => [.. Meeting(), "--log-level", "Information", .. _options.Settings];

    private string[] Meeting() => Postgres is { } postgres
        ? ["--clustering", "Postgres", "--connection", postgres.ConnectionString]
        : ["--clustering", "Sqlite", "--path", Path.Combine(_folder, "members.db")];

    private static (int First, int Second) FreePorts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }
}
