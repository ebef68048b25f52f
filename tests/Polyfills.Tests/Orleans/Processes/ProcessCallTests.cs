using System.Diagnostics;
using OrleansLM.Polyfills.Node.Grains;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

/// <summary>Calls between processes: three silos, and this process as a client.</summary>
public sealed class ProcessCallTests(ThreeSilos silos) : IClassFixture<ThreeSilos>
{
    private NodeCluster Cluster => silos.Cluster;

    [Fact]
    public async Task Grains_are_on_all_silos_and_one_activation_answers_whoever_calls()
    {
        IClusterClient second = await Cluster.ConnectAsync();
        string[] places = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Cluster.Grain($"spread {i}").Where()));
        Assert.Equal(Cluster.Nodes.Select(n => n.Address.ToParsableString()).Order(), places.Distinct().Order());

        string[] activations = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Cluster.Grain($"spread {i}").Activation()));
        string[] again = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => second.GetGrain<INodeGrain>($"spread {i}").Activation()));
        Assert.Equal(activations, again);

        // Called first by many at once, through both clients.
        string[] raced = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? Cluster.Client : second).GetGrain<INodeGrain>("raced").Activation()));
        Assert.Single(raced.Distinct());
    }

    [Fact]
    public async Task A_grain_calls_a_grain_on_another_silo()
    {
        INodeGrain here = (await Cluster.GrainsOnAsync(Cluster.Nodes[0], 1))[0];
        INodeGrain there = (await Cluster.GrainsOnAsync(Cluster.Nodes[1], 1))[0];
        Assert.Equal(Cluster.Nodes[1].Address.ToParsableString(), await here.WhereIs(there));
        Assert.Equal(Cluster.Nodes[0].Address.ToParsableString(), await there.WhereIs(here));
    }

    [Fact]
    public async Task Values_of_all_kinds_cross_and_come_back_equal()
    {
        Cargo cargo = CreateCargo(Cluster.Grain("cargo"));
        Cargo back = await Cluster.Grain("cargo").Echo(cargo);
        AssertEqual(cargo, back);
        AssertEqual(cargo.Inner!, back.Inner!);
        Assert.Same(back.Crates[0], back.Crates[2]);
        Assert.Same(back.Crates[0], back.ByName["one"]);
        Assert.Equal(cargo.Grain, back.Grain);
        Assert.Equal(await cargo.Grain!.Where(), await back.Grain!.Where());
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public async Task Objects_cross_with_their_type(object? value) => Assert.Equal(value, await Cluster.Grain("objects").EchoObject(value));

    [Fact]
    public async Task Large_messages_cross()
    {
        INodeGrain grain = Cluster.Grain("large");
        byte[] filled = await grain.Fill(20_000_000);
        Assert.Equal(20_000_000, filled.Length);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (byte)i), filled.Take(1000));
        Assert.Equal(30_000_000, await grain.Length(new byte[30_000_000]));
    }

    [Fact]
    public async Task Exceptions_cross_with_type_message_and_members()
    {
        INodeGrain grain = Cluster.Grain("failing");
        var ours = await Assert.ThrowsAsync<CargoException>(() => grain.Fail("ours"));
        Assert.Equal("too heavy", ours.Message);
        Assert.Equal("weight", ours.Field);
        Assert.Equal(TimeSpan.FromSeconds(3), ours.RetryAfter);
        Assert.Contains(nameof(NodeGrain.Fail), ours.StackTrace, StringComparison.Ordinal);

        Assert.Contains("is wrong", (await Assert.ThrowsAsync<ArgumentException>(() => grain.Fail("argument"))).Message, StringComparison.Ordinal);
        var outer = await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Fail("inner"));
        Assert.Equal("inner", Assert.IsType<TimeoutException>(outer.InnerException).Message);
        var many = await Assert.ThrowsAsync<AggregateException>(() => grain.Fail("many"));
        Assert.Equal(["one", "two"], many.InnerExceptions.Select(e => e.Message));
        Assert.Contains("HiddenException", (await Assert.ThrowsAnyAsync<Exception>(() => grain.Fail("hidden"))).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Streams_cross_in_order_and_end()
    {
        var elements = new List<int>();
        await foreach (int element in Cluster.Grain("streaming").Count(1000))
            elements.Add(element);
        Assert.Equal(Enumerable.Range(0, 1000), elements);
    }

    [Fact]
    public async Task A_stream_that_is_left_is_cancelled_at_the_grain()
    {
        INodeGrain grain = Cluster.Grain("left");
        using var leaving = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (int element in grain.Hang().WithCancellation(leaving.Token))
                await leaving.CancelAsync();
        });
        await Eventually.HoldsAsync(grain.HasSeenCancellation, () => "The iterator was not cancelled.");
    }

    [Fact]
    public async Task A_call_is_cancelled_at_the_grain()
    {
        foreach (NodeProcess node in Cluster.Nodes)
        {
            INodeGrain grain = (await Cluster.GrainsOnAsync(node, 1))[0];
            using var cancellation = new CancellationTokenSource();
            Task call = grain.WaitForCancellation(cancellation.Token);
            // A call that is cancelled before it has begun is not begun at all.
            await Eventually.HoldsAsync(grain.HasBegunToWait, () => "The call has not begun.");
            Assert.False(await grain.HasSeenCancellation());
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            await Eventually.HoldsAsync(grain.HasSeenCancellation, () => "The call was not cancelled.");
        }
    }

    [Fact]
    public async Task Request_context_and_trace_cross()
    {
        RequestContext.Set("who", "the test");
        Assert.Equal("the test", await Cluster.Grain("context").ContextValue("who"));
        Assert.Null(await Cluster.Grain("context").ContextValue("other"));
        RequestContext.Clear();

        using var source = new ActivitySource("OrleansLM.Polyfills.Tests");
        using var listener = new ActivityListener { ShouldListenTo = _ => true, Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        using Activity activity = source.StartActivity("test")!;
        Assert.Equal(activity.TraceId.ToString(), await Cluster.Grain("traced").TraceId());
    }

    [Fact]
    public async Task An_activation_moves_to_another_silo_with_its_state()
    {
        foreach (NodeProcess destination in Cluster.Nodes)
        {
            INodeGrain grain = Cluster.Grain($"moving to {destination.Settings.Name}");
            string target = destination.Address.ToParsableString();
            if (await grain.Where() == target)
                await MoveAsync(grain, Cluster.Nodes.First(n => n != destination).Address.ToParsableString());
            Assert.Equal(1, await grain.Increment());
            await MoveAsync(grain, target);
            Assert.Equal(2, await grain.Increment());
        }
    }

    [Fact]
    public async Task Every_silo_is_listed()
    {
        Dictionary<SiloAddress, SiloStatus> hosts = await Cluster.Client.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        Assert.Equal(Cluster.Nodes.Select(n => n.Address).Order(), hosts.Keys.Order());
    }

    [Fact]
    public async Task A_call_that_takes_too_long_times_out()
    {
        IClusterClient impatient = await Cluster.ConnectAsync(c => c.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(2)));
        INodeGrain grain = impatient.GetGrain<INodeGrain>("slow");
        await Eventually.SucceedsAsync(grain.Where);
        await Assert.ThrowsAsync<TimeoutException>(() => grain.Sleep(TimeSpan.FromSeconds(20)));
    }

    public static TheoryData<object?> Objects() =>
    [
        null, "text", true, 'x', (byte)1, (sbyte)-1, (short)-2, (ushort)2, -3, 3u, -4L, 4ul, 1.5f, 2.5, 3.5m, DayOfWeek.Friday, Guid.Parse("6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        TimeSpan.FromTicks(-5), new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), new DateOnly(2026, 1, 2),
        new Uri("http://host/path"), new Version(1, 2, 3), new byte[] { 1, 2 }, new[] { 1.5f, -2f }, new[] { "a", "b" }, new List<int> { 1, 2 },
        new Dictionary<string, int> { ["a"] = 1 }, new Crate("c", 1), new LockedCrate("l", 2, "key"), new object?[] { 1, "two", null }, (1, "two"), Tuple.Create(1, "two"),
        GrainId.Create("type", "key"), SiloAddress.New(System.Net.IPAddress.Loopback, 1, 2),
    ];

    private static async Task MoveAsync(INodeGrain grain, string target)
    {
        await grain.MoveTo(target);
        await Eventually.HoldsAsync(async () => await grain.Where() == target, () => $"{grain} is not on {target}.");
    }

    private static Cargo CreateCargo(INodeGrain grain)
    {
        var one = new Crate("one", 1);
        var cargo = new Cargo
        {
            Text = "tëxt \u4e16 \ud83d\ude00",
            Number = long.MinValue,
            Fraction = Math.PI,
            Day = DayOfWeek.Sunday,
            Id = Guid.NewGuid(),
            Span = TimeSpan.FromMinutes(-1.5),
            Time = new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.FromHours(-3)),
            Some = 42,
            Bytes = [1, 2, 3],
            Memory = new byte[] { 4, 5 },
            Floats = [1.5f, float.NaN, float.NegativeInfinity],
            Crates = [one, new LockedCrate("two", 2, "key"), one],
            ByName = new Dictionary<string, Crate> { ["one"] = one },
            Names = new[] { "a", "b" },
            Pair = (7, "right"),
            Grain = grain,
            Any = new LockedCrate("any", 3, "other key"),
            Set = ["x", "y"],
        };
        cargo.Inner = cargo with { Text = null, Inner = null };
        return cargo;
    }

    private static void AssertEqual(Cargo expected, Cargo actual)
    {
        Assert.Equal(
            (expected.Text, expected.Number, expected.Fraction, expected.Day, expected.Id, expected.Span, expected.Time, expected.Some, expected.None),
            (actual.Text, actual.Number, actual.Fraction, actual.Day, actual.Id, actual.Span, actual.Time, actual.Some, actual.None));
        Assert.Equal(expected.Bytes, actual.Bytes);
        Assert.Equal(expected.Memory.ToArray(), actual.Memory.ToArray());
        Assert.Equal(expected.Floats, actual.Floats);
        Assert.Equal(expected.Crates, actual.Crates);
        Assert.Equal(expected.ByName, actual.ByName);
        Assert.Equal(expected.Names, actual.Names);
        Assert.Equal(expected.Pair, actual.Pair);
        Assert.Equal(expected.Any, actual.Any);
        Assert.Equal(expected.Set.Order(), actual.Set.Order());
    }
}
