using System.Text.RegularExpressions;
using OrleansLM.Polyfills.Node.Grains;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Silos that are lost, frozen, stopped, added and refused.</summary>
public sealed class ProcessFailureTests : IAsyncLifetime
{
    private const string OtherCluster = "cluster id .*another";

    private TestTable _table = null!;

    public async Task InitializeAsync() => _table = await TestTable.CreateAsync();

    public async Task DisposeAsync() => await _table.DisposeAsync();

    [Fact]
    public async Task The_grains_of_a_killed_silo_come_back_on_the_others()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(3, _table.Database);
        NodeProcess killed = cluster.Nodes[1];
        INodeGrain[] lost = await cluster.GrainsOnAsync(killed, 5);
        INodeGrain[] kept = await cluster.GrainsOnAsync(cluster.Nodes[0], 5);
        string[] before = await Task.WhenAll(kept.Select(g => g.Activation()));
        Task inFlight = lost[0].Sleep(TimeSpan.FromMinutes(10));

        await killed.KillAsync();
        Assert.True(await Record.ExceptionAsync(() => inFlight) is OrleansException or TimeoutException);
        string[] others = [.. cluster.Nodes.Where(n => n != killed).Select(n => n.Address.ToParsableString())];
        foreach (INodeGrain grain in lost)
        {
            Assert.Contains(await Eventually.SucceedsAsync(grain.Where), others);
            Assert.Equal(1, await grain.Increment());
        }

        // The package gives up the activations, on any silo, whose place in its directory was kept on the lost one.
        string[] after = await Task.WhenAll(kept.Select(g => g.Activation()));
        Assert.True(!TestTable.IsStandIn || before.SequenceEqual(after));
        Assert.Equal(2, (await cluster.Client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count);
    }

    [Fact]
    public async Task A_frozen_silo_is_declared_dead_and_stops_when_it_comes_back()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(3, _table.Database);
        NodeProcess frozen = cluster.Nodes[2];
        INodeGrain lost = (await cluster.GrainsOnAsync(frozen, 1))[0];
        string before = await lost.Activation();
        await frozen.FreezeAsync();
        string after = await Eventually.SucceedsAsync(lost.Activation);
        Assert.NotEqual(before, after);

        await frozen.ThawAsync();
        await frozen.ExitAsync();
        Assert.NotEqual(0, frozen.ExitCode);
        Assert.Matches("(?i)(declared dead|should be dead)", frozen.Log);
        Assert.Equal(after, await Eventually.SucceedsAsync(lost.Activation));
    }

    [StandInFact("a call that comes through the silo's gateway while it stops may be lost, and times out")]
    public async Task A_silo_that_stops_in_good_order_fails_no_call()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(3, _table.Database, probeMs: 5_000);
        NodeProcess stopped = cluster.Nodes[0];
        INodeGrain[] grains = [.. await cluster.GrainsOnAsync(stopped, 3), .. await cluster.GrainsOnAsync(cluster.Nodes[1], 3)];
        using var end = new CancellationTokenSource();
        Task[] callers = [.. grains.Select(g => CallUntilAsync(g, end.Token))];
        await stopped.StopAsync();
        Assert.Equal(0, stopped.ExitCode);
        await Task.WhenAll(grains.Select(g => g.Increment()));
        await end.CancelAsync();
        await Task.WhenAll(callers);
    }

    [Fact]
    public async Task A_silo_that_joins_gets_grains_and_no_activation_is_doubled()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(1, _table.Database);
        INodeGrain[] grains = [.. Enumerable.Range(0, 50).Select(i => cluster.Grain($"early {i}"))];
        string[] before = await Task.WhenAll(grains.Select(g => g.Activation()));
        NodeProcess[] added = [cluster.Add(), cluster.Add()];
        await Task.WhenAll(added.Select(n => n.ReadyAsync()));
        Assert.Equal(before, await Task.WhenAll(grains.Select(g => g.Activation())));
        await cluster.GrainsOnAsync(added[0], 1);
        await cluster.GrainsOnAsync(added[1], 1);
        Assert.Equal(before, await Task.WhenAll(grains.Select(g => g.Activation())));
    }

    [Fact]
    public async Task A_silo_that_starts_again_at_the_same_endpoint_replaces_its_predecessor()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(2, _table.Database, probeMs: 10_000);
        NodeProcess killed = cluster.Nodes[1];
        INodeGrain lost = (await cluster.GrainsOnAsync(killed, 1))[0];
        await killed.KillAsync();
        NodeProcess again = cluster.Add(s => s with { SiloPort = killed.Settings.SiloPort, GatewayPort = killed.Settings.GatewayPort }, probeMs: 10_000);
        await again.ReadyAsync();
        Assert.NotEqual(killed.Address, again.Address);
        Assert.NotEqual(killed.Address.ToParsableString(), await Eventually.SucceedsAsync(lost.Where));
        await cluster.GrainsOnAsync(again, 1);
    }

    [Fact]
    public async Task A_silo_of_another_cluster_is_refused_with_the_reason_on_both_sides()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(1, database: null);
        NodeProcess stranger = cluster.Add(s => s with { ClusterId = "another" });
        await stranger.ExitAsync();
        Assert.NotEqual(0, stranger.ExitCode);
        Assert.Matches(OtherCluster, stranger.Log);
        await Eventually.HoldsAsync(() => Task.FromResult(Regex.IsMatch(cluster.Nodes[0].Log, OtherCluster)), () => cluster.Nodes[0].Log);
        Assert.Single(await cluster.Client.GetGrain<IManagementGrain>(0).GetHosts());
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_refused_and_others_pass()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(1, _table.Database);
        INodeGrain grain = cluster.Grain("large");
        Assert.Equal(3, await grain.Length(new byte[3]));
        await Assert.ThrowsAnyAsync<Exception>(() => grain.Length(new byte[120_000_000]));
        Assert.Equal(4, await Eventually.SucceedsAsync(() => grain.Length(new byte[4])));
    }

    [Fact]
    public async Task Silos_without_a_database_find_each_other_by_the_primary()
    {
        await using NodeCluster cluster = await NodeCluster.StartAsync(3, database: null, probeMs: 5_000);
        Assert.Equal(3, (await cluster.Client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count);
        foreach (NodeProcess node in cluster.Nodes)
            await cluster.GrainsOnAsync(node, 1);
    }

    [PostgreSqlFact]
    public async Task Over_PostgreSQL_a_killed_silo_is_declared_dead_and_its_grains_come_back()
    {
        await using PostgreSqlServer server = await PostgreSqlServer.StartAsync();
        await using NodeCluster cluster = await NodeCluster.StartAsync(3, server.Database);
        NodeProcess killed = cluster.Nodes[0];
        INodeGrain[] lost = await cluster.GrainsOnAsync(killed, 3);
        await killed.KillAsync();
        foreach (INodeGrain grain in lost)
            Assert.NotEqual(killed.Address.ToParsableString(), await Eventually.SucceedsAsync(grain.Where));
        Dictionary<SiloAddress, SiloStatus> hosts = await cluster.Client.GetGrain<IManagementGrain>(0).GetHosts();
        Assert.Equal(SiloStatus.Dead, hosts[killed.Address]);
    }

    private static async Task CallUntilAsync(INodeGrain grain, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
            await grain.Increment();
    }
}
