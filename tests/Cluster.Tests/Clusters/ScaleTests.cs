using System.Diagnostics;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Silos that come and go while sessions generate.</summary>
public sealed class ScaleTests
{
    private const int Clients = 2;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    [Theory]
    [Store(postgres: false)]
    public async Task A_silo_that_joins_takes_running_sessions_over_and_one_that_leaves_gives_them_up(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(
            usePostgres, silos: 1, gateways: 1, "--Placement:RebalanceThreshold=1", "--Placement:RebalanceInterval=00:00:00.5", "--Placement:DrainTimeout=00:02:00");
        for (var client = 0; client < Clients; client++)
        {
            await cluster.ReferenceAsync(client);
        }

        using var done = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(i => GenerateAsync(cluster, i, done.Token)).ToList();
        var first = cluster.Nodes.Silos[0];
        await UntilRunsOnAsync(cluster, first, clients);
        var second = await cluster.Nodes.AddSiloAsync();
        await UntilRunsOnAsync(cluster, second, clients);
        await first.StopAsync();
        await UntilRunsOnAsync(cluster, second, clients);
        await done.CancelAsync();
        await Task.WhenAll(clients);
    }

    [Theory]
    [Store(postgres: false)]
    public async Task A_session_goes_to_the_silo_that_knows_the_beginning_of_its_prompt(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(usePostgres, silos: 2, gateways: 1, "--Placement:RebalanceThreshold=100", "--Placement:AffinitySlack=100");
        int[] prompt = [.. Enumerable.Range(0, 600).Select(i => 300 + (i * 7919 % 3000))];
        await GenerateAsync(cluster, "first", prompt);
        var home = (await cluster.OwnerAsync("first")).Name;

        // Placed at random, about half of them begin on the other silo; silos hear of each other's beginnings within a second or so.
        var began = Stopwatch.GetTimestamp();
        for (var redirected = 0; redirected < 2;)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_limit, "no session was placed on the other silo and went to the one that knows its prompt");
            var session = await cluster.CreateAsync($"another-{Guid.NewGuid():N}");
            var placed = (await cluster.OwnerAsync(session)).Name;
            await GenerateAsync(cluster, session, [.. prompt, 40]);
            redirected += placed != home && (await cluster.OwnerAsync(session)).Name == home ? 1 : 0;
        }

        var topology = await cluster.Cluster.GetTopologyAsync(new GetTopologyRequest());
        var reused = topology.Silos.Single(silo => silo.Name == home).Pipelines.Single().ReusedTokens;
        Assert.True(reused >= 2 * 576, $"{reused} tokens were reused");
    }

    private static async Task GenerateAsync(TestCluster cluster, int client, CancellationToken done)
    {
        for (var turns = 0; turns == 0 || !done.IsCancellationRequested; turns++)
        {
            var session = await cluster.CreateAsync($"scale-{client}-{turns}");
            await cluster.AssertEqualAsync(await cluster.ReferenceAsync(client), await cluster.StreamAsync(session, client, _ => Task.CompletedTask), session);
        }
    }

    private static async Task GenerateAsync(TestCluster cluster, string session, int[] prompt)
    {
        if (session == "first")
        {
            await cluster.CreateAsync(session);
        }

        using var call = cluster.Sessions.Generate(new GenerateRequest
        {
            SessionId = session,
            Input = new Input { Tokens = new TokenIds { Ids = { prompt } } },
            Stop = new StopConditions { MaxTokens = 2, IgnoreEos = true },
        });
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
        }
    }

    /// <summary>Until a session runs there, as long as no client has failed.</summary>
    private static async Task UntilRunsOnAsync(TestCluster cluster, NodeProcess silo, List<Task> clients)
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await cluster.Cluster.ListSessionsAsync(new ListLocationsRequest())).Sessions.Any(session => session.Silo == silo.Name && session.Running))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_limit, $"no session runs on {silo.Name}");
            await (clients.Find(client => client.IsFaulted) ?? Task.CompletedTask);
            await Task.Delay(100);
        }
    }
}
