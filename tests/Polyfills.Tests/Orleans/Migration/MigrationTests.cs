namespace OrleansLM.Polyfills.Tests.Orleans.Migration;

public sealed class MigrationTests : IAsyncLifetime
{
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync(2);

    public async Task DisposeAsync() => await ((IAsyncDisposable)_cluster).DisposeAsync();

    [Fact]
    public async Task A_grain_moves_with_its_state()
    {
        IMovingGrain grain = _cluster.GrainsOf(0).GetGrain<IMovingGrain>("a");
        await grain.Remember("one");
        await grain.Remember("two");
        Assert.Equal(Address(0), await grain.Silo());

        await grain.Move(_cluster.Cluster.Silos[1].SiloAddress);
        Assert.Equal(["one", "two"], await grain.Memory());
        Assert.Equal(Address(1), await grain.Silo());
        Assert.Equal(Address(1), await _cluster.GrainsOf(1).GetGrain<IMovingGrain>("a").Silo());
        Assert.Equal(["activates with 0", "deactivates: Migrating", "dehydrates", "rehydrates", "activates with 2"], _cluster.Signals.LogOf("a"));
    }

    [Fact]
    public async Task A_grain_moves_there_and_back_and_calls_from_everywhere_find_it()
    {
        IMovingGrain grain = _cluster.GrainsOf(0).GetGrain<IMovingGrain>("b");
        Assert.Empty(await grain.Memory());
        for (int i = 0; i < 10; i++)
        {
            await grain.Move(_cluster.Cluster.Silos[(i + 1) % 2].SiloAddress);
            Assert.Equal(Address((i + 1) % 2), await grain.Silo());
            Task[] calls = [.. Enumerable.Range(0, 20).Select(c => _cluster.GrainsOf(c % 2).GetGrain<IMovingGrain>("b").Remember($"{i}/{c}"))];
            await Task.WhenAll(calls);
        }

        List<string> memory = await grain.Memory();
        Assert.Equal(Enumerable.Range(0, 10).SelectMany(i => Enumerable.Range(0, 20).Select(c => $"{i}/{c}")).Order(), memory.Order());
    }

    [Fact]
    public async Task A_grain_that_is_sent_to_where_it_is_ends_there_without_its_state()
    {
        IMovingGrain grain = _cluster.GrainsOf(0).GetGrain<IMovingGrain>("d");
        await grain.Remember("one");
        await grain.Move(_cluster.Cluster.Silos[0].SiloAddress);
        Assert.Empty(await grain.Memory());
        Assert.Equal(["activates with 0", "deactivates: Migrating", "activates with 0"], _cluster.Signals.LogOf("d"));
    }

    [Fact]
    public async Task The_running_call_ends_first_and_what_waits_moves_along()
    {
        IMovingGrain grain = _cluster.GrainsOf(0).GetGrain<IMovingGrain>("c");
        await grain.Remember("one");
        Task held = grain.Hold("hold");
        await _cluster.Signals.WaitAsync("hold started");
        await grain.MoveNow(_cluster.Cluster.Silos[1].SiloAddress);
        Task<List<string>> waiting = grain.Memory();
        Assert.Equal(["activates with 0"], _cluster.Signals.LogOf("c"));
        _cluster.Signals.Set("hold");
        await held;
        Assert.Equal(["one"], await waiting);
        Assert.Equal(Address(1), await grain.Silo());
    }

    private string Address(int silo) => _cluster.Cluster.Silos[silo].SiloAddress.ToString();
}
