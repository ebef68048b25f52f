namespace OrleansLM.Polyfills.Tests.Orleans.Turns;

public sealed class TurnTests(GrainCluster cluster) : IClassFixture<GrainCluster>
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    private Signals Signals => cluster.Signals;

    [Fact]
    public async Task A_grain_runs_one_request_at_a_time()
    {
        ITurnGrain grain = Plain();
        Task first = grain.Hold(N("first"));
        await Signals.WaitAsync(N("first started"));
        Task second = grain.Hold(N("second"));

        // This call is behind the second one, and gets through because it interleaves.
        Signals.Set(N("probe"));
        await grain.HoldInterleaving(N("probe"));
        Assert.False(Signals.IsSet(N("second started")));

        Signals.Set(N("second"));
        Signals.Set(N("first"));
        await Task.WhenAll(first, second);
        Assert.Equal(
            [N("first starts"), N("probe starts"), N("probe ends"), N("first ends"), N("second starts"), N("second ends")], Signals.LogOf(_key));
    }

    [Fact]
    public async Task Awaits_continue_on_the_grain_and_turns_never_overlap()
    {
        IReentrantTurnGrain grain = Reentrant();
        bool[] results = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => grain.StaysOnItsTurns()));
        Assert.All(results, Assert.True);
    }

    [Fact]
    public async Task Requests_of_a_reentrant_grain_interleave()
    {
        IReentrantTurnGrain grain = Reentrant();
        Task first = grain.Hold(N("first"));
        Task second = grain.Hold(N("second"));
        await Signals.WaitAsync(N("first started"));
        await Signals.WaitAsync(N("second started"));

        Signals.Set(N("second"));
        await second;
        Assert.False(first.IsCompleted);
        Signals.Set(N("first"));
        await first;
    }

    [Fact]
    public async Task Read_only_requests_interleave_with_each_other_and_not_with_others()
    {
        ITurnGrain grain = Plain();
        Task read1 = grain.HoldReadOnly(N("read 1"));
        await Signals.WaitAsync(N("read 1 started"));
        Task read2 = grain.HoldReadOnly(N("read 2"));
        await Signals.WaitAsync(N("read 2 started"));

        Task write = grain.Hold(N("write"));
        Signals.Set(N("probe"));
        await grain.HoldInterleaving(N("probe"));
        Assert.False(Signals.IsSet(N("write started")));

        Signals.Set(N("read 2"));
        Signals.Set(N("read 1"));
        await Task.WhenAll(read1, read2);
        await Signals.WaitAsync(N("write started"));

        Task read3 = grain.HoldReadOnly(N("read 3"));
        Signals.Set(N("probe 2"));
        await grain.HoldInterleaving(N("probe 2"));
        Assert.False(Signals.IsSet(N("read 3 started")));
        Signals.Set(N("read 3"));
        Signals.Set(N("write"));
        await Task.WhenAll(write, read3);
    }

    [Fact]
    public async Task A_one_way_call_completes_while_the_grain_still_works()
    {
        ITurnGrain grain = Plain();
        await grain.HoldOneWay(N("one way"));
        await Signals.WaitAsync(N("one way started"));
        Assert.False(Signals.IsSet(N("one way ended")));
        Signals.Set(N("one way"));
        await Signals.WaitAsync(N("one way ended"));
    }

    [Fact]
    public async Task A_call_chain_may_re_enter_where_it_is_allowed()
    {
        ITurnGrain other = cluster.Grains.GetGrain<ITurnGrain>(N("other"), typeof(TurnGrain).FullName);
        Assert.Equal(_key, await Plain().CallBackThrough(other, allowReentrancy: true));
    }

    [Fact]
    public async Task A_call_chain_that_may_not_re_enter_times_out()
    {
        await using GrainCluster quick = await GrainCluster.StartAsync(
            1, silo => silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(1)));
        ITurnGrain grain = quick.Grains.GetGrain<ITurnGrain>("a", typeof(TurnGrain).FullName);
        ITurnGrain other = quick.Grains.GetGrain<ITurnGrain>("b", typeof(TurnGrain).FullName);
        await Assert.ThrowsAsync<TimeoutException>(() => grain.CallBackThrough(other, allowReentrancy: false));

        // The chain is broken; the grains go on.
        Assert.Equal("a", await grain.Name());
        Assert.Equal("b", await other.Name());
    }

    private ITurnGrain Plain() => cluster.Grains.GetGrain<ITurnGrain>(_key, typeof(TurnGrain).FullName);

    private IReentrantTurnGrain Reentrant() => cluster.Grains.GetGrain<IReentrantTurnGrain>(_key);

    // Names are the test's own, because the cluster is the class's.
    private string N(string name) => $"{_key} {name}";
}
