using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>The network between two silos is cut while sessions generate, and both still reach the database, the gateways and the third silo.</summary>
public sealed class CutTests
{
    private const int Sessions = 4;
    private const int Kinds = 2;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    [NetworkFact]
    public async Task Transcripts_are_equal_when_two_silos_are_cut_off_from_each_other()
    {
        await using var cluster = await TestCluster.StartOnNetworkAsync(silos: 3, gateways: 1);
        var (first, second) = (cluster.Nodes.Silos[0], cluster.Nodes.Silos[1]);
        await GenerateAsync(cluster, "cut", () => cluster.Nodes.Network!.CutAsync(first.Host!, second.Host!));

        // One of the two is declared dead, learns it from the table, and ends itself: the other one stays.
        var fenced = await EndedAsync(first, second);
        var other = fenced == first ? second : first;
        Assert.True(other.IsRunning, cluster.Nodes.Errors);
        Assert.Matches(RuntimeWords.DeclaredDead, fenced.Errors);

        // Mended, it joins again.
        await cluster.Nodes.Network!.MendAsync();
        await fenced.StartAsync(s_limit);
        await GenerateAsync(cluster, "mended", () => Task.CompletedTask);
    }

    private static async Task<NodeProcess> EndedAsync(NodeProcess first, NodeProcess second)
    {
        var firstEnded = first.ExitAsync();
        var ended = await Task.WhenAny(firstEnded, second.ExitAsync()).WaitAsync(s_limit);
        return ended == firstEnded ? first : second;
    }

    /// <summary>Several sessions generate at once and come out as if they had been alone.</summary>
    private static async Task GenerateAsync(TestCluster cluster, string name, Func<Task> disturb)
    {
        for (var kind = 0; kind < Kinds; kind++)
        {
            await cluster.ReferenceAsync(kind);
        }

        var disturbance = default(Task);
        await Task.WhenAll(Enumerable.Range(0, Sessions).Select(async i =>
        {
            var session = await cluster.CreateAsync($"{name}-{i}");
            var found = await cluster.RunAsync(session, i % Kinds, turn => turn.Tokens.Count == 10 ? disturbance ??= disturb() : Task.CompletedTask);
            await cluster.AssertEqualAsync(await cluster.ReferenceAsync(i % Kinds), found, session);
        }));
        Assert.NotNull(disturbance);
        await disturbance;
    }
}
