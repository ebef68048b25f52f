using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Rounds in which sessions generate, something is done to the cluster in the middle, and every transcript is held against the undisturbed run's.</summary>
internal sealed class ChaosRun(LoopbackCluster cluster, int sessions, int tokens, Random random, IReadOnlyCollection<ChaosFault> only)
{
    private static readonly TimeSpan s_freeze = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_cut = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(2);

    private readonly List<ChaosTranscript> _references = [];

    public IReadOnlyList<ChaosFault> Faults { get; } = [.. only.Where(fault => fault switch
    {
        ChaosFault.RestartDatabase => cluster.Postgres is not null,
        ChaosFault.KillGateway => cluster.Gateways.Count > 1,
        ChaosFault.CutNetwork => cluster.Network is not null && cluster.Silos.Count > 1,
        _ => true,
    })];

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var channel = ServerAddress.Connect(cluster.Gateways[0].Address!);
        var client = new ChaosClient(new Sessions.SessionsClient(channel), tokens);
        for (var kind = 0; kind < sessions; kind++)
        {
            await client.CreateAsync($"reference-{kind}", cancellationToken);
            _references.Add(await client.RunAsync($"reference-{kind}", kind, cancellationToken));
        }
    }

    public async Task<ChaosRound> RoundAsync(int number, CancellationToken cancellationToken)
    {
        var fault = Faults[random.Next(Faults.Count)];
        using var channel = ServerAddress.Connect([.. cluster.Gateways.Select(gateway => gateway.Address!)]);
        var client = new ChaosClient(new Sessions.SessionsClient(channel), tokens);
        var errors = new List<string>();
        for (var kind = 0; kind < sessions; kind++)
        {
            await client.CreateAsync($"round-{number}-{kind}", cancellationToken);
        }

        var turns = Enumerable.Range(0, sessions).Select(kind => TryAsync(client, $"round-{number}-{kind}", kind, errors, cancellationToken)).ToList();
        var all = Task.WhenAll(turns);
        var moment = random.NextInt64(sessions * tokens / 4, sessions * tokens / 2);
        while (client.Received < moment && !all.IsCompleted)
        {
            await Task.Delay(5, cancellationToken);
        }

        await DisturbAsync(fault);
        var found = await all;
        var started = await new ChaosRepair(cluster).RepairAsync(new Contracts.V1.Cluster.ClusterClient(channel), cancellationToken);
        var wrong = Enumerable.Range(0, sessions).Where(kind => found[kind]?.IsSameAs(_references[kind]) != true).Select(kind => $"round-{number}-{kind}").ToList();
        return new ChaosRound(number, fault, found.Max(transcript => transcript?.LongestWait ?? TimeSpan.Zero), started, wrong, errors);
    }

    private static async Task<ChaosTranscript?> TryAsync(ChaosClient client, string session, int kind, List<string> errors, CancellationToken cancellationToken)
    {
        try
        {
            return await client.RunAsync(session, kind, cancellationToken);
        }
        catch (RpcException failure)
        {
            lock (errors)
            {
                errors.Add($"{session}: {failure.StatusCode} {failure.Status.Detail}");
            }

            return null;
        }
    }

    private async Task DisturbAsync(ChaosFault fault)
    {
        var silo = cluster.Silos[random.Next(cluster.Silos.Count)];
        switch (fault)
        {
            case ChaosFault.KillSilo:
                await silo.KillAsync();
                break;
            case ChaosFault.KillGateway:
                await cluster.Gateways[random.Next(cluster.Gateways.Count)].KillAsync();
                break;
            case ChaosFault.FreezeSilo:
                await silo.FreezeAsync();
                await Task.Delay(s_freeze);
                await silo.ThawAsync();
                break;
            case ChaosFault.RestartDatabase:
                await cluster.Postgres!.RestartAsync(crash: true);
                break;
            case ChaosFault.CutNetwork:
                await CutAsync(silo);
                break;
            default:
                await silo.StopAsync();
                await silo.StartAsync(s_startLimit);
                break;
        }
    }

    private async Task CutAsync(NodeProcess silo)
    {
        var others = cluster.Silos.Where(other => other != silo).ToList();
        await cluster.Network!.CutAsync(silo.Host!, others[random.Next(others.Count)].Host!);
        await Task.Delay(s_cut);
        await cluster.Network.MendAsync();
    }
}
