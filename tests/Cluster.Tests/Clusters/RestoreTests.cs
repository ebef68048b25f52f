using System.Globalization;
using System.Text.RegularExpressions;
using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>What is lost under a long session costs the tail of its state: the rest comes from what was written while it went on.</summary>
public sealed partial class RestoreTests
{
    private const int PromptTokens = 4000;
    private const int NewTokens = 600;
    private const int Rounds = 5;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    /// <summary>Without state that is found by tokens, which would hide where it came from.</summary>
    private static readonly string[] s_settings = ["--Snapshots:KeepUpTokens=512", "--Serving:Models:0:Engine:PrefixCaching=false", "--Placement:RebalanceThreshold=1000", "--Cluster:ProbeTimeout=00:00:02"];

    [Theory]
    [Store(postgres: false)]
    public async Task A_killed_silo_costs_the_tail_and_the_ids_stay(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(usePostgres, silos: 2, gateways: 1, s_settings);
        await RunUntilTakenUpAsync(cluster, "kill", async session =>
        {
            var owner = await cluster.OwnerAsync(session);
            await owner.KillAsync();
            return () => cluster.Nodes.Silos.Where(silo => silo != owner).Select(silo => TakenUp(silo, session)).FirstOrDefault(again => again is not null);
        });
    }

    [Fact]
    public async Task A_killed_stage_costs_the_tail_and_the_ids_stay()
    {
        await using var cluster = await TestCluster.StartAsync(
            usePostgres: false, silos: 4, gateways: 1,
            [.. s_settings, "--Serving:Models:0:Pipeline:Stages=3", "--Stages:Enabled=true", "--Stages:GigabytesPerSecond=10", "--Stages:MemoryMib=4096", "--Stages:SilenceLimit=00:01:00", "--Stages:ReplanInterval=1.00:00:00"]);
        await Eventually.HoldsAsync(
            async () => (await cluster.Cluster.GetTopologyAsync(new GetTopologyRequest())).Silos.Count(silo => silo.Pipelines.Count > 0) == 4, () => $"not all pipelines serve\n{cluster.Nodes.Errors}");
        await RunUntilTakenUpAsync(cluster, "stage", async session =>
        {
            var head = await cluster.OwnerAsync(session);
            var woken = Woken(head, session);
            var pipeline = (await cluster.Cluster.PlanAsync(new PlanRequest())).Pipelines.Single(pipeline => pipeline.Pipeline.StartsWith($"{head.Name}/", StringComparison.Ordinal));
            var middle = cluster.Nodes.Silos.First(silo => silo != head && pipeline.Stages.Skip(1).Any(stage => stage.Silo == silo.Name && stage.Change == StageChange.Kept));
            await middle.KillAsync();
            return () => Woken(head, session) > woken ? 0 : null;
        });
    }

    /// <summary>
    /// A session of two turns, as a reference, and others in which something is killed in the middle of the second one, until that came before its end.
    /// </summary>
    /// <param name="cluster">The nodes.</param>
    /// <param name="name">Of the sessions.</param>
    /// <param name="kill">Kills, and says how to see that the turn went on elsewhere: tokens that were computed again, if that is told; null when it was over before.</param>
    private static async Task RunUntilTakenUpAsync(TestCluster cluster, string name, Func<string, Task<Func<int?>>> kill)
    {
        await RunAsync(cluster, $"{name}-reference", Prompt(PromptTokens, 1), 8);
        var expected = await RunAsync(cluster, $"{name}-reference", Prompt(20, 2), NewTokens);
        for (var round = 1; ; round++)
        {
            Assert.True(round <= Rounds, $"whenever something was killed the turn was over\n{cluster.Nodes.Errors}");
            var session = $"{name}-{round}";
            await RunAsync(cluster, session, Prompt(PromptTokens, 1), 8);
            var kept = await KeptAsync(cluster, session);
            Func<int?>? again = null;
            var found = await RunAsync(cluster, session, Prompt(20, 2), NewTokens, async turn => again = turn.Tokens.Count == 10 ? await kill(session) : again);
            Assert.True(expected.Ids.SequenceEqual(found.Ids), $"expected {string.Join(' ', expected.Ids)}\nfound    {string.Join(' ', found.Ids)}\n{cluster.Nodes.Errors}");
            if (again!() is { } recomputed)
            {
                var most = PromptTokens + 8 + 20 + NewTokens - kept;
                TestNotes.Add($"{name}: a turn after {PromptTokens + 8} tokens, of which {kept} lay in the store, prefilled {found.Finished!.Usage.PrefilledTokens}, its own 20 included, in spite of the loss");
                Assert.InRange(recomputed, 0, most);
                Assert.InRange(found.Finished!.Usage.PrefilledTokens, 0, most + 20);
                return;
            }

            await cluster.RepairAsync();
        }
    }

    /// <summary>Waits until most of the session lies in the store.</summary>
    private static async Task<int> KeptAsync(TestCluster cluster, string session)
    {
        var kept = 0;
        await Eventually.HoldsAsync(
            async () => (kept = (int)(await cluster.Sessions.GetAsync(new GetSessionRequest { SessionId = session })).SnapshotLength) >= PromptTokens - 1024,
            () => $"{kept} of {PromptTokens} tokens lie in the store\n{cluster.Nodes.Errors}");
        return kept;
    }

    private static async Task<ReceivedTurn> RunAsync(TestCluster cluster, string session, int[] prompt, int tokens, Func<ReceivedTurn, Task>? received = null)
    {
        if (prompt.Length == PromptTokens)
        {
            await Eventually.HoldsAsync(() => IsCreatedAsync(cluster, session), () => $"no session is taken\n{cluster.Nodes.Errors}");
        }

        var turn = new ResilientTurn(cluster.Sessions, session) { Patience = s_patience };
        var result = new ReceivedTurn();
        var request = new GenerateRequest
        {
            SessionId = session,
            Input = new Input { Tokens = new TokenIds { Ids = { prompt } } },
            Stop = new StopConditions { MaxTokens = tokens, IgnoreEos = true },
            Sampling = new SamplingParameters { Temperature = 0.8f, Seed = 77 },
        };
        await foreach (var item in turn.GenerateAsync(request, CancellationToken.None))
        {
            result.Take(item);
            await (received?.Invoke(result) ?? Task.CompletedTask);
        }

        Assert.NotNull(result.Finished);
        return result;
    }

    /// <summary>Silos hear a little later that another one has loaded its model; until then one may be asked that has none.</summary>
    private static async Task<bool> IsCreatedAsync(TestCluster cluster, string session)
    {
        try
        {
            await cluster.CreateAsync(session);
            return true;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable)
        {
            return false;
        }
    }

    private static int[] Prompt(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => 300 + (((i * 7919) + (seed * 104729)) % 3000))];

    private static int? TakenUp(NodeProcess silo, string session) =>
        TakenUpLine().Matches(silo.Errors).LastOrDefault(match => match.Groups["session"].Value == session) is { } match
            ? int.Parse(match.Groups["again"].Value, CultureInfo.InvariantCulture)
            : null;

    private static int Woken(NodeProcess silo, string session) => WokenLine().Matches(silo.Errors).Count(match => match.Groups["session"].Value == session);

    [GeneratedRegex(@"Session (?<session>\S+) takes up turn .* that of (?<again>\d+) is computed again")]
    private static partial Regex TakenUpLine();

    [GeneratedRegex(@"Snapshot (?<session>[^@\s]+)@\+\d+: the state of \d+ tokens was brought in")]
    private static partial Regex WokenLine();
}
