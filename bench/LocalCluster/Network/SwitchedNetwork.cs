using System.Diagnostics;
using System.Net;

namespace OrleansLM.LocalCluster.Network;

/// <summary>
/// A switch in a network namespace, hosts in namespaces of their own, and this machine, all in one subnet of 198.18.0.0/15 (RFC 2544, for such measurements).
/// The connection between two hosts can be cut: frames are dropped silently, as a broken switch does, while both reach everybody else.
/// </summary>
public sealed class SwitchedNetwork : IAsyncDisposable
{
    private const int Subnets = 512;

    private readonly NamespaceKeeper _switch;
    private readonly int _subnet;
    private readonly List<NetworkHost> _hosts = [];

    private SwitchedNetwork(NamespaceKeeper keeper, int subnet)
    {
        (_switch, _subnet) = (keeper, subnet);
    }

    /// <summary>This machine's.</summary>
    public IPAddress Address => AddressOf(1);

    /// <summary>Why no network can be made here; null when one can.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "network namespaces need root on Linux";
        }

        string[] programs = ["unshare", "nsenter", "ip", "bash"];
        return Array.Find(programs, program => PostgresPrograms.Find(program) is null) is { } missing ? $"{missing} is not installed (packages util-linux, iproute2)" : Refused();
    }

    public static async Task<SwitchedNetwork> StartAsync()
    {
        var keeper = await NamespaceKeeper.StartAsync("ip link add br0 type bridge && ip link set br0 up");
        try
        {
            var network = new SwitchedNetwork(keeper, await ConnectHereAsync(keeper));
            await SystemPrograms.RunAsync("ip", "addr", "add", $"{network.Address}/24", "dev", NameOf(network._subnet));
            await SystemPrograms.RunAsync("ip", "link", "set", "dev", NameOf(network._subnet), "up");
            await keeper.RunAsync("ip", "link", "set", "dev", "here", "master", "br0", "up");
            return network;
        }
        catch
        {
            await keeper.DisposeAsync();
            throw;
        }
    }

    public async Task<NetworkHost> AddHostAsync()
    {
        var host = new NetworkHost(AddressOf(_hosts.Count + 2), $"port{_hosts.Count + 2}", await NamespaceKeeper.StartAsync("true"));
        _hosts.Add(host);
        await _switch.RunAsync("ip", "link", "add", host.Port, "type", "veth", "peer", "name", "eth0", "netns", $"{host.Keeper.ProcessId}");
        await _switch.RunAsync("ip", "link", "set", "dev", host.Port, "master", "br0", "up");
        await host.Keeper.RunAsync("ip", "addr", "add", $"{host.Address}/24", "dev", "eth0");
        await host.Keeper.RunAsync("ip", "link", "set", "dev", "eth0", "up");
        return host;
    }

    /// <summary>Nothing goes between the hosts any more. One cut at a time: of several, all pairs of the hosts named are cut.</summary>
    public Task CutAsync(params NetworkHost[] hosts) => IsolateAsync(hosts, "on");

    public Task MendAsync() => IsolateAsync(_hosts, "off");

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.Keeper.DisposeAsync();
        }

        await _switch.DisposeAsync();
    }

    /// <summary>Kernels and containers differ in what they allow, so it is tried, in a namespace that goes away at once.</summary>
    private static string? Refused()
    {
        using var trial = Process.Start(new ProcessStartInfo("unshare", ["--net", "bash", "-c", "ip link add port9 type veth peer name end9 && ip link add br0 type bridge && ip link set dev port9 master br0 && ip link set dev port9 type bridge_slave isolated on"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        });
        var errors = trial!.StandardError.ReadToEnd();
        trial.WaitForExit();
        return trial.ExitCode == 0 ? null : $"the kernel refuses network namespaces with veth pairs and a bridge: {errors.Trim()}";
    }

    /// <summary>The name of the interface is what keeps runs side by side out of each other's subnet.</summary>
    private static async Task<int> ConnectHereAsync(NamespaceKeeper keeper)
    {
        var failure = "";
        for (var i = 0; i < Subnets; i++)
        {
            var subnet = (Environment.ProcessId + i) % Subnets;
            if (await SystemPrograms.TryRunAsync("ip", "link", "add", NameOf(subnet), "type", "veth", "peer", "name", "here", "netns", $"{keeper.ProcessId}") is not { } refused)
            {
                return subnet;
            }

            failure = refused;
        }

        throw new InvalidOperationException(failure);
    }

    private static string NameOf(int subnet) => $"orleanslm{subnet}";

    private async Task IsolateAsync(IEnumerable<NetworkHost> hosts, string state)
    {
        foreach (var host in hosts)
        {
            await _switch.RunAsync("ip", "link", "set", "dev", host.Port, "type", "bridge_slave", "isolated", state);
        }
    }

    private IPAddress AddressOf(int number) => IPAddress.Parse($"198.{18 + (_subnet / 256)}.{_subnet % 256}.{number}");
}
