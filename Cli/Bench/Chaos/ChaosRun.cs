using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Rounds in which sessions generate, something is done to the cluster in the middle, and every transcript is held against the undisturbed run's.</summary>
internal sealed class ChaosRun(LoopbackCluster cluster, int sessions, int tokens, Random random)
{
    private readonly List<ChaosTranscript> _references = [];
    private readonly ChaosSupervisor _supervisor = new(cluster);

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var channel = ServerAddress.Connect([.. cluster.Gateways.Select(gateway => gateway.Address!)]);
        var client = new ChaosClient(new Sessions.SessionsClient(channel), tokens);
        for (var kind = 0; kind < sessions; kind++)
        {
            await client.CreateAsync($"reference-{kind}", cancellationToken);
            _references.Add(await client.RunAsync($"reference-{kind}", kind, cancellationToken));
        }
    }

    public async Task<ChaosRound> RoundAsync(int number, ChaosFault fault, CancellationToken cancellationToken)
    {
        using var channel = ServerAddress.Connect([.. cluster.Gateways.Select(gateway => gateway.Address!)]);
        var client = new ChaosClient(new Sessions.SessionsClient(channel), tokens);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = Task.CompletedTask;
        try
        {
            var found = await GenerateAsync(client, number, DisturbAsync, cancellationToken);
            await over.CancelAsync();
            await watching;
            await _supervisor.RepairAsync(new Contracts.V1.Cluster.ClusterClient(channel), cancellationToken);
            return await JudgeAsync(client, number, fault, found, cancellationToken);
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }

        async Task DisturbAsync()
        {
            var disturbing = new ChaosDisturbance(cluster, _supervisor, random).BringAboutAsync(fault);
            watching = _supervisor.WatchAsync(over.Token);
            await disturbing;
        }
    }

    /// <summary>What the clients of the round's sessions received; or what they were told instead.</summary>
    private async Task<(ChaosTranscript? Transcript, string? Error)[]> GenerateAsync(ChaosClient client, int number, Func<Task> disturb, CancellationToken cancellationToken)
    {
        for (var kind = 0; kind < sessions; kind++)
        {
            await client.CreateAsync(NameOf(number, kind), cancellationToken);
        }

        var turns = Enumerable.Range(0, sessions).Select(kind => TryAsync(client, NameOf(number, kind), kind, cancellationToken)).ToList();
        var all = Task.WhenAll(turns);
        var moment = random.NextInt64(sessions * tokens / 4, sessions * tokens / 2);
        while (client.Received < moment && !all.IsCompleted)
        {
            await Task.Delay(5, cancellationToken);
        }

        await disturb();
        return await all;
    }

    private async Task<ChaosRound> JudgeAsync(ChaosClient client, int number, ChaosFault fault, (ChaosTranscript? Transcript, string? Error)[] found, CancellationToken cancellationToken)
    {
        var wrong = new List<string>();
        for (var kind = 0; kind < sessions; kind++)
        {
            if (found[kind].Transcript is not { } transcript)
            {
                continue;
            }

            if (!transcript.IsSameAs(_references[kind]))
            {
                wrong.Add($"{NameOf(number, kind)} (received {transcript.DifferenceFrom(_references[kind])})");
            }
            else if (!await client.HoldsAsync(NameOf(number, kind), transcript, cancellationToken))
            {
                wrong.Add($"{NameOf(number, kind)} (its history is not what was received)");
            }
        }

        var pause = found.Max(turn => turn.Transcript?.LongestWait ?? TimeSpan.Zero);
        return new ChaosRound(number, fault, pause, _supervisor.TakeStarted(), wrong, [.. found.Select(turn => turn.Error).OfType<string>()]);
    }

    private static string NameOf(int number, int kind) => $"round-{number}-{kind}";

    private static async Task<(ChaosTranscript? Transcript, string? Error)> TryAsync(ChaosClient client, string session, int kind, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.RunAsync(session, kind, cancellationToken), null);
        }
        catch (RpcException failure)
        {
            return (null, $"{session}: {failure.StatusCode} {failure.Status.Detail}");
        }
    }
}
