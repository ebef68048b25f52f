using OrleansLM.Cli.Bench.Chaos;
using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.LocalCluster;
using OrleansLM.LocalCluster.Network;
using Xunit.Abstractions;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>The short form of <c>bench chaos</c>: whatever happens to the processes while sessions generate, every transcript is the undisturbed run's.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const string SeedVariable = "ORLEANSLM_CHAOS_SEED";
    private const int Rounds = 10;
    private const int Sessions = 8;
    private const int Tokens = 250;

    private static readonly ChaosFault[] s_faults = [ChaosFault.KillSilo, ChaosFault.KillGateway, ChaosFault.FreezeSilo, ChaosFault.CutNetwork, ChaosFault.RestartDatabase];

    [Fact]
    public async Task Transcripts_are_equal_in_ten_rounds_of_random_faults()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var given) ? given : Random.Shared.Next();
        Say($"chaos: seed {seed}; {SeedVariable}={seed} draws the same faults");
        await using var cluster = await LoopbackCluster.StartAsync(new LoopbackOptions
        {
            Program = Path.Combine(AppContext.BaseDirectory, "OrleansLM.Cli.dll"),
            Model = Repository.TinyModel,
            UsePostgres = PostgresServer.Missing is null,
            UseNetwork = SwitchedNetwork.Missing() is null,
            // Clients and gateways are patient, because the machine that runs the tests is busy.
            Settings = ["--Gateway:FailoverTimeout=00:02:00"],
            SiloSettings = ["--Serving:Models:0:Engine:StateBytes=67108864"],
        });
        var random = new Random(seed);
        var faults = ChaosPlan.Draw(ChaosPlan.Possible(cluster, s_faults, (fault, reason) => Say($"chaos: {fault} is left out: {reason}")), Rounds, random);
        var run = new ChaosRun(cluster, Sessions, Tokens, random);
        await run.PrepareAsync(CancellationToken.None);
        var rounds = new List<ChaosRound>();
        foreach (var fault in faults)
        {
            var round = await run.RoundAsync(rounds.Count + 1, fault, CancellationToken.None);
            rounds.Add(round);
            output.WriteLine(round.Describe());
            Assert.True(round.IsGood, $"seed {seed}: {round.Describe()}\n{cluster.Errors}");
            cluster.TakeErrors();
        }

        foreach (var row in ChaosSummary.Rows(rounds).Where(row => row.Name.EndsWith("recovery_median", StringComparison.Ordinal)))
        {
            Say($"{row.Name} {row.Value:F2} s ({row.Note})");
        }
    }

    /// <summary>For whoever runs the tests, whether they pass or not.</summary>
    private void Say(string line)
    {
        output.WriteLine(line);
        TestNotes.Add(line);
    }
}
