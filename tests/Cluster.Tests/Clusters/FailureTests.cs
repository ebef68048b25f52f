using OrleansLM.Cluster.Tests.Recovery;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Processes are lost while sessions generate, and every transcript comes out as if nothing had happened: what <see cref="ChaosTests"/> does not look at, or not in a SQLite file.</summary>
public sealed class FailureTests
{
    private const int Sessions = 4;
    private const int FreezeRounds = 5;
    private static readonly TimeSpan s_exitLimit = TimeSpan.FromMinutes(3);

    [Theory]
    [Store(postgres: false)]
    public async Task Transcripts_are_equal_when_a_silo_and_a_gateway_are_killed(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(usePostgres);
        await DisturbedAsync(cluster, "kill-silo", async session => await (await cluster.OwnerAsync(session)).KillAsync());
        await cluster.RepairAsync();
        await DisturbedAsync(cluster, "kill-gateway", async _ => await cluster.Nodes.Gateways[0].KillAsync());
    }

    [Theory]
    [Store(postgres: true)]
    public async Task A_silo_that_freezes_in_a_turn_cannot_write_any_more_and_transcripts_are_equal(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(usePostgres);
        for (var round = 1; !await FrozenAsync(cluster, $"freeze-{round}"); round++)
        {
            Assert.True(round < FreezeRounds, "whenever a silo froze, its turn was over");
            await cluster.RepairAsync();
        }
    }

    /// <summary>A silo freezes in the middle of a turn, is declared dead, and comes back when others have its sessions: what it writes then is refused, and it ends.</summary>
    /// <returns>False when the turn was over before: then there was nothing to write.</returns>
    private static async Task<bool> FrozenAsync(TestCluster cluster, string name)
    {
        NodeProcess? frozen = null;
        var session = "";
        await DisturbedAsync(cluster, name, async disturbed =>
        {
            session = disturbed;
            frozen = await cluster.OwnerAsync(session);
            await frozen.FreezeAsync();
        });
        await frozen!.ThawAsync();
        await frozen.ExitAsync().WaitAsync(s_exitLimit);
        if (!cluster.Nodes.Silos.Any(silo => silo != frozen && silo.Errors.Contains($"Session {session} takes up turn", StringComparison.Ordinal)))
        {
            return false;
        }

        Assert.Contains("A write was refused, because the epoch that it names is over", frozen.Errors, StringComparison.Ordinal);
        var history = await cluster.Sessions.GetHistoryAsync(new GetHistoryRequest { SessionId = session });
        Assert.Equal((await cluster.ReferenceAsync(0)).Ids, history.TokenIds.TakeLast((await cluster.ReferenceAsync(0)).Tokens.Count));
        return true;
    }

    /// <summary>Runs several sessions at once; in the middle of the first one, something happens.</summary>
    private static async Task DisturbedAsync(TestCluster cluster, string name, Func<string, Task> disturb)
    {
        var disturbance = default(Task);
        for (var kind = 0; kind < Generations.Kinds; kind++)
        {
            await cluster.ReferenceAsync(kind);
        }

        for (var i = 0; i < Sessions; i++)
        {
            await cluster.CreateAsync($"{name}-{i}");
        }

        var turns = await Task.WhenAll(Enumerable.Range(0, Sessions).Select(async i =>
        {
            var (session, kind) = ($"{name}-{i}", i % Generations.Kinds);
            var reference = await cluster.ReferenceAsync(kind);
            return (session, reference, Found: await cluster.RunAsync(session, kind, turn => i == 0 && turn.Tokens.Count == 10 ? disturbance ??= disturb(session) : Task.CompletedTask));
        }));
        Assert.NotNull(disturbance);
        await disturbance;
        foreach (var (session, reference, found) in turns)
        {
            await cluster.AssertEqualAsync(reference, found, session);
        }
    }
}
