using OrleansLM.LocalCluster;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Brings a fault about, to processes drawn at random.</summary>
internal sealed class ChaosDisturbance(LoopbackCluster cluster, ChaosSupervisor supervisor, Random random)
{
    private static readonly TimeSpan s_freeze = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_cut = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2);

    /// <summary>Returns when the fault is over, as far as it is one that ends; what it killed stays away.</summary>
    public Task BringAboutAsync(ChaosFault fault)
    {
        var silo = cluster.Silos[random.Next(cluster.Silos.Count)];
        return fault switch
        {
            ChaosFault.KillSilo => KillAsync(silo),
            ChaosFault.KillGateway => KillAsync(cluster.Gateways[random.Next(cluster.Gateways.Count)]),
            ChaosFault.FreezeSilo => FreezeAsync(silo),
            ChaosFault.RestartDatabase => cluster.Postgres!.RestartAsync(crash: true),
            ChaosFault.CutNetwork => CutAsync(silo),
            _ => RestartAsync(silo),
        };
    }

    private Task KillAsync(NodeProcess node)
    {
        supervisor.Away = node;
        return node.KillAsync();
    }

    private static async Task FreezeAsync(NodeProcess silo)
    {
        if (silo.IsRunning)
        {
            await silo.FreezeAsync();
            await Task.Delay(s_freeze);
            await silo.ThawAsync();
        }
    }

    private async Task RestartAsync(NodeProcess silo)
    {
        supervisor.Away = silo;
        if (silo.IsRunning)
        {
            await silo.StopAsync();
            await silo.StartAsync(s_startLimit);
        }

        supervisor.Away = null;
    }

    private async Task CutAsync(NodeProcess silo)
    {
        var others = cluster.Silos.Where(other => other != silo).ToList();
        await cluster.Network!.CutAsync(silo.Host!, others[random.Next(others.Count)].Host!);
        await Task.Delay(s_cut);
        await cluster.Network.MendAsync();
    }
}
