using OrleansLM.Cluster.Tests.Recovery;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Whatever process is lost while sessions generate: every transcript comes out as if nothing had happened.</summary>
public sealed class FailureTests
{
    private const int Sessions = 4;
    private static readonly TimeSpan s_exitLimit = TimeSpan.FromMinutes(3);

    [Theory]
    [Store(postgres: true)]
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
    public async Task Transcripts_are_equal_when_a_silo_freezes_and_when_the_database_restarts(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(usePostgres);
        await DisturbedAsync(cluster, "restart-database", _ => cluster.Nodes.Postgres!.RestartAsync(crash: true));
        await cluster.RepairAsync();
        NodeProcess? frozen = null;
        await DisturbedAsync(cluster, "freeze", async session =>
        {
            frozen = await cluster.OwnerAsync(session);
            await frozen.FreezeAsync();
        });

        // It was declared dead: when it comes back it finds that out and ends, without having written to what others have taken over.
        await frozen!.ThawAsync();
        await frozen.ExitAsync().WaitAsync(s_exitLimit);
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
