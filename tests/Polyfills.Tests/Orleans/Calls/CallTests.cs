namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

public sealed class CallTests(GrainCluster cluster) : IClassFixture<GrainCluster>
{
    private readonly ICallGrain _grain = cluster.Grains.GetGrain<ICallGrain>(Guid.NewGuid());
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Arguments_and_results_cross()
    {
        Assert.Equal(5, await _grain.Add(2, 3));
        Assert.Equal("hello", await _grain.Echo("hello"));
        Assert.Null(await _grain.Echo(null));
        await _grain.Nothing();
        (int sum, List<int> items) = await _grain.Tuple(new List<int> { 1, 2, 3 });
        Assert.Equal(6, sum);
        Assert.Equal([1, 2, 3], items);
    }

    [Fact]
    public async Task References_are_equal_when_they_mean_the_same_grain()
    {
        ICallGrain self = await _grain.Self();
        Assert.Equal(_grain, self);
        Assert.Equal(_grain.GetGrainId(), self.GetGrainId());
        Assert.Equal(_grain.GetPrimaryKey(), self.GetPrimaryKey());
        Assert.NotEqual(_grain, cluster.Grains.GetGrain<ICallGrain>(Guid.NewGuid()));
        Assert.Equal(7, await self.Add(3, 4));
    }

    [Fact]
    public async Task Exceptions_keep_their_type_message_and_members()
    {
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => _grain.Throw("not today", 42));
        Assert.Equal("not today", refused.Message);
        Assert.Equal(42, refused.Code);

        InvalidDataException broken = await Assert.ThrowsAsync<InvalidDataException>(_grain.ThrowBuiltIn);
        Assert.Equal("broken data", broken.Message);
        Assert.Contains(nameof(CallGrain.ThrowBuiltIn), broken.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_reaches_the_grain_and_ends_the_call()
    {
        using var cancellation = new CancellationTokenSource();
        Task<bool> call = _grain.WaitForCancellation(_name, cancellation.Token);
        await cluster.Signals.WaitAsync($"{_name} started");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cluster.Signals.WaitAsync($"{_name} cancelled");
        Assert.Equal(3, await _grain.Add(1, 2));
    }

    [Fact]
    public async Task A_call_with_a_cancelled_token_is_not_made()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _grain.WaitForCancellation(_name, new CancellationToken(canceled: true)));
        Assert.Equal(3, await _grain.Add(1, 2));
        Assert.False(cluster.Signals.IsSet($"{_name} started"));
    }

    [Fact]
    public async Task A_request_that_waits_can_be_cancelled()
    {
        Task running = _grain.Forever(_name);
        using var cancellation = new CancellationTokenSource();
        Task<bool> waiting = _grain.WaitForCancellation($"{_name} waiting", cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        cluster.Signals.Set(_name);
        await running;
    }

    [Fact]
    public async Task A_response_that_takes_too_long_is_a_timeout()
    {
        await using GrainCluster quick = await GrainCluster.StartAsync(
            1, null, client => client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(3)));
        ICallGrain grain = quick.Grains.GetGrain<ICallGrain>(Guid.NewGuid());
        await Assert.ThrowsAsync<TimeoutException>(() => grain.Forever(_name));
        quick.Signals.Set(_name);
        Assert.Equal(3, await grain.Add(1, 2));
    }

    [Fact]
    public void An_interface_without_a_class_is_refused()
        => Assert.Contains(nameof(INobody), Assert.ThrowsAny<ArgumentException>(() => cluster.Grains.GetGrain<INobody>("x")).Message, StringComparison.Ordinal);

    [Fact]
    public void Keys_are_read_back()
    {
        Guid guid = Guid.NewGuid();
        Assert.Equal(guid, cluster.Grains.GetGrain<ICallGrain>(guid).GetPrimaryKey());
        Assert.Equal(-17L, cluster.Grains.GetGrain<IManagementGrain>(-17).GetPrimaryKeyLong());
        Assert.Equal("a/b c", cluster.Grains.GetGrain<Turns.IReentrantTurnGrain>("a/b c").GetPrimaryKeyString());
    }
}
