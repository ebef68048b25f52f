namespace OrleansLM.Polyfills.Tests.Orleans.Activations;

public sealed class ActivationTests(GrainCluster cluster) : IClassFixture<GrainCluster>
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    private Signals Signals => cluster.Signals;

    private ILifeGrain Grain => Get(cluster, _key);

    [Fact]
    public async Task The_first_call_activates_and_later_calls_find_the_same_activation()
    {
        Guid instance = await Grain.Instance();
        Assert.Equal(instance, await Grain.Instance());
        Assert.Equal(1, await Grain.UseState("a"));
        Assert.Equal(2, await Grain.UseState("b"));
        Assert.Equal(["activates"], Signals.LogOf(_key));
    }

    [Fact]
    public async Task Many_first_calls_from_all_silos_make_one_activation()
    {
        await using GrainCluster three = await GrainCluster.StartAsync(3);
        for (int round = 0; round < 20; round++)
        {
            string key = $"{_key} {round}";
            Task<Guid>[] calls = [.. Enumerable.Range(0, 30).Select(i => Task.Run(() => Get(three, key, i % 4).Instance()))];
            Assert.Single((await Task.WhenAll(calls)).Distinct());
            Assert.Single(three.Signals.LogOf(key));
        }
    }

    [Fact]
    public async Task A_failed_activation_fails_its_callers_and_the_next_call_tries_again()
    {
        string key = $"{_key} fails once";
        ILifeGrain grain = Get(cluster, key);
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(grain.Instance);
        Assert.Equal("no luck", failure.Message);
        Assert.NotEqual(Guid.Empty, await grain.Instance());
        Assert.Equal(["activates", "activates"], Signals.LogOf(key));
    }

    [Fact]
    public async Task Deactivation_ends_the_activation_and_the_next_call_makes_a_new_one()
    {
        Guid first = await Grain.Instance();
        await Grain.End();
        await Signals.WaitAsync($"{_key} deactivated");
        Assert.NotEqual(first, await Grain.Instance());
        Assert.Equal(["activates", "deactivates: ApplicationRequested", "activates"], Signals.LogOf(_key));
    }

    [Fact]
    public async Task Deactivation_waits_for_the_running_call_and_what_waits_goes_to_the_next_activation()
    {
        Guid first = await Grain.Instance();
        Task held = Grain.EndAndHold($"{_key} hold");
        await Signals.WaitAsync($"{_key} hold started");
        Task<Guid> waiting = Grain.Instance();
        Signals.Set($"{_key} hold");
        await held;
        Assert.NotEqual(first, await waiting);
        Assert.Equal(["activates", "held call ends", "deactivates: ApplicationRequested", "activates"], Signals.LogOf(_key));
    }

    [Fact]
    public async Task Idle_activations_are_collected_and_kept_or_busy_ones_are_not()
    {
        await using GrainCluster quick = await GrainCluster.StartAsync(1, silo => silo.Configure<GrainCollectionOptions>(o =>
        {
            o.CollectionAge = TimeSpan.FromSeconds(2);
            o.CollectionQuantum = TimeSpan.FromSeconds(1);
        }));
        Guid idle = await Get(quick, "idle").Instance();
        IKeptGrain keptGrain = quick.Grains.GetGrain<IKeptGrain>("kept");
        Guid kept = await keptGrain.Instance();
        ILifeGrain busyGrain = Get(quick, "busy");
        Guid busy = await busyGrain.Instance();
        Task held = busyGrain.Hold("hold");

        await quick.Signals.WaitAsync("idle deactivated");
        Assert.Equal(["activates", "deactivates: ActivationIdle"], quick.Signals.LogOf("idle"));
        Assert.NotEqual(idle, await Get(quick, "idle").Instance());
        Assert.Equal(kept, await keptGrain.Instance());
        quick.Signals.Set("hold");
        await held;
        Assert.Equal(busy, await busyGrain.Instance());
    }

    [Fact]
    public async Task Stopping_the_cluster_deactivates_everything()
    {
        Signals signals;
        await using (GrainCluster two = await GrainCluster.StartAsync(2))
        {
            signals = two.Signals;
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Get(two, $"{i}").Instance()));
        }

        for (int i = 0; i < 20; i++)
        {
            string[] log = signals.LogOf($"{i}");
            Assert.Equal("deactivates: ShuttingDown", log[^1]);
            Assert.Equal(log.Count(e => e == "activates"), log.Count(e => e.StartsWith("deactivates", StringComparison.Ordinal)));
        }
    }

    private static ILifeGrain Get(GrainCluster cluster, string key, int factory = 0)
        => (factory == 0 ? cluster.Grains : cluster.GrainsOf(factory - 1)).GetGrain<ILifeGrain>(key, typeof(LifeGrain).FullName);
}
