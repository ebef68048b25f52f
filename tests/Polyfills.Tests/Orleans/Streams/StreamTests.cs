namespace OrleansLM.Polyfills.Tests.Orleans.Streams;

public sealed class StreamTests(GrainCluster cluster) : IClassFixture<GrainCluster>
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    private IStreamGrain Grain => cluster.Grains.GetGrain<IStreamGrain>(_name);

    private Signals Signals => cluster.Signals;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(1000)]
    public async Task Elements_come_in_order_whatever_the_batches(int count)
    {
        Assert.Equal(Enumerable.Range(0, count), await ReadAsync(Grain.Count(count)));
        Assert.Equal(Enumerable.Range(0, count), await ReadAsync(Grain.Count(count).WithBatchSize(1)));
        Assert.Equal(Enumerable.Range(0, count), await ReadAsync(Grain.Count(count).WithBatchSize(7)));
    }

    [Fact]
    public async Task A_stream_can_be_read_again_and_runs_again()
    {
        IAsyncEnumerable<int> stream = Grain.Count(3);
        Assert.Equal([0, 1, 2], await ReadAsync(stream));
        Assert.Equal([0, 1, 2], await ReadAsync(stream));
    }

    [Fact]
    public async Task An_element_comes_as_soon_as_it_is_there_and_other_calls_run_between()
    {
        await using IAsyncEnumerator<string> reader = Grain.Gated(_name, 3).GetAsyncEnumerator();
        for (int i = 0; i < 3; i++)
        {
            ValueTask<bool> move = reader.MoveNextAsync();
            Assert.Equal(i + 1, await Grain.Ping());
            Signals.Set($"{_name} {i}");
            Assert.True(await move);
            Assert.Equal($"{i}", reader.Current);
        }

        Assert.False(await reader.MoveNextAsync());
        Assert.Equal(["gives 0", "gives 1", "gives 2", "ends"], Signals.LogOf(_name));
    }

    [Fact]
    public async Task An_exception_comes_after_the_elements_before_it()
    {
        var seen = new List<int>();
        Calls.RefusedException refused = await Assert.ThrowsAsync<Calls.RefusedException>(async () =>
        {
            await foreach (int i in Grain.Break(3))
                seen.Add(i);
        });
        Assert.Equal([0, 1, 2], seen);
        Assert.Equal("broken", refused.Message);
        Assert.Equal(7, refused.Code);
        Assert.Equal(1, await Grain.Ping());
    }

    [Fact]
    public async Task Leaving_early_ends_the_iterator_of_the_grain()
    {
        Signals.Set($"{_name} 0");
        await foreach (string element in Grain.Gated(_name, 5))
        {
            Assert.Equal("0", element);
            break;
        }

        await Signals.WaitAsync($"{_name} ended");
        Assert.Equal("cancelled", Signals.LogOf(_name)[^1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancelling_reaches_the_iterator_and_ends_the_reading(bool asArgument)
    {
        using var cancellation = new CancellationTokenSource();
        IAsyncEnumerable<string> stream = Grain.Gated(_name, 5, asArgument ? cancellation.Token : default);
        await using IAsyncEnumerator<string> reader = stream.GetAsyncEnumerator(asArgument ? default : cancellation.Token);
        Signals.Set($"{_name} 0");
        Assert.True(await reader.MoveNextAsync());
        ValueTask<bool> move = reader.MoveNextAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await move);
        await Signals.WaitAsync($"{_name} ended");
        Assert.Equal(["gives 0", "cancelled"], Signals.LogOf(_name));
        Assert.Equal(1, await Grain.Ping());
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_does_not_start()
    {
        _ = Grain.Gated(_name, 1);
        await Grain.Ping();
        Assert.Empty(Signals.LogOf(_name));
    }

    [Fact]
    public async Task Elements_are_copies()
    {
        var parcels = new List<Calls.Parcel>();
        await foreach (Calls.Parcel parcel in cluster.GrainsOf(0).GetGrain<IStreamGrain>(_name).Parcels(3).WithBatchSize(1))
        {
            parcels.Add(parcel);
            parcel.Label = "mine";
        }

        Assert.Equal(3, parcels.Distinct(ReferenceEqualityComparer.Instance).Count());
        Assert.Equal([0], parcels[0].Numbers);
        Assert.Equal([0, 1, 2], parcels[2].Numbers);
    }

    [Fact]
    public async Task The_request_context_of_the_reader_is_there()
    {
        RequestContext.Set("tenant", "acme");
        try
        {
            Assert.Equal(["acme"], await ReadAsync(Grain.Context("tenant")));
        }
        finally
        {
            RequestContext.Clear();
        }
    }

    [Fact]
    public async Task A_grain_reads_the_stream_of_another_grain()
    {
        IStreamGrain source = cluster.Grains.GetGrain<IStreamGrain>($"{_name} source");
        Assert.Equal(Enumerable.Range(0, 250), await ReadAsync(Grain.Relay(source, 250)));
    }

    [Fact]
    public async Task A_stream_whose_activation_ends_is_aborted()
    {
        await using IAsyncEnumerator<string> reader = Grain.Gated(_name, 2).GetAsyncEnumerator();
        Signals.Set($"{_name} 0");
        Assert.True(await reader.MoveNextAsync());
        await Grain.End();
        await Signals.WaitAsync($"{_name} ended");
        await Assert.ThrowsAsync<EnumerationAbortedException>(async () => await reader.MoveNextAsync());
        Assert.Equal(1, await Grain.Ping());
    }

    [Fact]
    public async Task A_stream_that_fails_while_its_activation_ends_gives_its_failure()
    {
        IEnumerable<Task> readers = Enumerable.Range(0, 500).Select(async i =>
        {
            IAsyncEnumerable<int> stream = cluster.Grains.GetGrain<IStreamGrain>($"{_name} {i}").BreakAndEnd();
            Calls.RefusedException refused = await Assert.ThrowsAsync<Calls.RefusedException>(() => ReadAsync(stream));
            Assert.Equal(8, refused.Code);
        });
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task A_stream_may_take_longer_than_a_response()
    {
        await using GrainCluster quick = await GrainCluster.StartAsync(
            1,
            silo => silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(3)),
            client => client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(3)));
        Assert.Equal([0], await ReadAsync(quick.Grains.GetGrain<IStreamGrain>("a").Slow(1, TimeSpan.FromSeconds(4))));
    }

    private static async Task<List<T>> ReadAsync<T>(IAsyncEnumerable<T> stream)
    {
        var elements = new List<T>();
        await foreach (T element in stream)
            elements.Add(element);
        return elements;
    }
}
