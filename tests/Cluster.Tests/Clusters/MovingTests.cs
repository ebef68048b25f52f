using OrleansLM.Cluster.Tests.Recovery;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Sessions that move on purpose: their clients notice a pause and nothing else.</summary>
public sealed class MovingTests
{
    private const int Sessions = 4;
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(3);

    [Theory]
    [Store(postgres: true)]
    public async Task A_session_that_moves_while_it_generates_goes_on_with_the_next_token(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(usePostgres, silos: 2, gateways: 1);
        var reference = await cluster.ReferenceAsync(1);
        var session = await cluster.CreateAsync("moved");
        var reports = new List<MoveReport>();
        var found = await cluster.StreamAsync(session, 1, async turn =>
        {
            if (turn.Tokens.Count is 10 or 60 or 110)
            {
                reports.Add(await cluster.Cluster.MoveAsync(new MoveRequest { SessionId = session }));
            }
        });
        await cluster.AssertEqualAsync(reference, found, session);
        Assert.Equal(3, reports.Count);
        Assert.All(reports, report => Assert.Equal("", report.Failure));
        Assert.All(reports, report => Assert.NotEqual(report.From, report.To));
        Assert.All(reports.Skip(1), report => Assert.True(report.Carried > 0, $"nothing of the {report.Length} tokens was copied before the pause"));
        Assert.Equal(reports[0].To, reports[1].From);
    }

    [Theory]
    [Store(postgres: false)]
    public async Task No_client_sees_an_error_while_every_silo_is_drained_and_restarted(bool usePostgres)
    {
        await using var cluster = await TestCluster.StartAsync(usePostgres, silos: 2, gateways: 1);
        for (var kind = 0; kind < Generations.Kinds; kind++)
        {
            await cluster.ReferenceAsync(kind);
        }

        using var done = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Sessions).Select(async i =>
        {
            var turns = 0;
            do
            {
                var session = await cluster.CreateAsync($"rolling-{i}-{turns++}");
                await cluster.AssertEqualAsync(await cluster.ReferenceAsync(i), await cluster.StreamAsync(session, i, _ => Task.CompletedTask), session);
            }
            while (!done.IsCancellationRequested);
        }).ToList();
        foreach (var silo in cluster.Nodes.Silos)
        {
            await silo.StopAsync();
            await silo.StartAsync(s_startLimit);
        }

        await done.CancelAsync();
        await Task.WhenAll(clients);
    }
}
