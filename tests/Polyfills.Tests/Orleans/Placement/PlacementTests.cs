namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

public sealed class PlacementTests : IAsyncLifetime
{
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync()
        => _cluster = await GrainCluster.StartAsync(3, silo => silo.AddPlacementDirector<LastSiloPlacement, LastSiloPlacementDirector>());

    public async Task DisposeAsync() => await ((IAsyncDisposable)_cluster).DisposeAsync();

    [Fact]
    public async Task Prefer_local_places_on_the_silo_of_the_caller()
    {
        for (int silo = 0; silo < 3; silo++)
        {
            string address = _cluster.Cluster.Silos[silo].SiloAddress.ToString();
            Assert.Equal(address, await Get<LocalGrain>(silo, 10 + silo).Silo());
            Assert.Equal(address, await Get<LocalGrain>((silo + 1) % 3, 10 + silo).Silo());
            Assert.Equal(address, await Get<LocalGrain>((silo + 2) % 3, 10 + silo).SiloOf(Get<LocalGrain>(0, 20 + silo)));
        }
    }

    [Fact]
    public async Task Random_uses_all_silos()
    {
        string[] silos = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Get<RandomGrain>(0, i).Silo()));
        Assert.Equal(3, silos.Distinct().Count());
    }

    [Fact]
    public async Task Hash_based_uses_all_silos_and_does_not_depend_on_the_caller()
    {
        string[] silos = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Get<HashedGrain>(i % 3, i).Silo()));
        Assert.Equal(3, silos.Distinct().Count());
    }

    [Fact]
    public async Task A_hint_in_the_request_context_is_followed()
    {
        SiloAddress wanted = _cluster.Cluster.Silos[1].SiloAddress;
        RequestContext.Set(global::Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, wanted);
        try
        {
            string[] silos = await Task.WhenAll(Enumerable.Range(100, 10).Select(i => Get<RandomGrain>(0, i).Silo()));
            Assert.All(silos, s => Assert.Equal(wanted.ToString(), s));
        }
        finally
        {
            RequestContext.Clear();
        }
    }

    [Fact]
    public async Task A_director_of_ones_own_chooses()
    {
        SiloAddress last = _cluster.Cluster.Silos.MaxBy(s => s.SiloAddress.Endpoint.Port)!.SiloAddress;
        RequestContext.Set("wish", "speed");
        try
        {
            for (int silo = 0; silo < 3; silo++)
                Assert.Equal(last.ToString(), await Get<LastSiloGrain>(silo, silo).Silo());
        }
        finally
        {
            RequestContext.Clear();
        }

        string[] log = _cluster.Signals.LogOf("director");
        Assert.Equal(["LastSiloPlacement 0 speed", "LastSiloPlacement 1 speed", "LastSiloPlacement 2 speed"], log.Order());
    }

    private IPlacedGrain Get<TGrain>(int silo, long key) => _cluster.GrainsOf(silo).GetGrain<IPlacedGrain>(key, typeof(TGrain).FullName);
}
