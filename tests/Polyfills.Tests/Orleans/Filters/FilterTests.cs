using System.Globalization;

namespace OrleansLM.Polyfills.Tests.Orleans.Filters;

public sealed class FilterTests : IAsyncLifetime
{
    private readonly Signals _log = new();
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync(
        1,
        silo => silo.AddIncomingGrainCallFilter(OnIncoming).AddOutgoingGrainCallFilter(context => OnOutgoing("silo", context)),
        client => client.AddOutgoingGrainCallFilter(context => OnOutgoing("client", context)));

    public async Task DisposeAsync() => await ((IAsyncDisposable)_cluster).DisposeAsync();

    [Fact]
    public async Task Filters_run_around_the_call_outgoing_then_incoming_then_the_grains_own()
    {
        string said = await _cluster.Grains.GetGrain<IFilteredGrain>("a").Say("hi");
        Assert.Equal("HI own in out-client", said);
        Assert.Equal(["client > Say(hi) from nobody", "in > Say(hi) from somebody, a", "client < Say"], Without(_log.LogOf("calls")));
        Assert.Equal(["own Say"], _cluster.Signals.LogOf("a"));
    }

    [Fact]
    public async Task Calls_between_grains_have_the_source()
    {
        IFilteredGrain a = _cluster.Grains.GetGrain<IFilteredGrain>("a");
        string said = await a.SayThrough(_cluster.Grains.GetGrain<IFilteredGrain>("b"), "hi");
        Assert.Equal("HI own in out-silo own in out-client", said);
        Assert.Contains("silo > Say(hi) from a", _log.LogOf("calls"));
        Assert.Contains("in > Say(hi) from a, b", _log.LogOf("calls"));
    }

    [Fact]
    public async Task A_filter_sees_failures_and_may_swallow_them()
    {
        Assert.Equal(-1, await _cluster.Grains.GetGrain<IFilteredGrain>("a").Fail());
        Assert.Contains("client failed: failed", _log.LogOf("calls"));
    }

    [Fact]
    public async Task A_filter_may_refuse()
    {
        UnauthorizedAccessException refused = await Assert.ThrowsAsync<UnauthorizedAccessException>(
            () => _cluster.Grains.GetGrain<IFilteredGrain>("a").Say("forbidden"));
        Assert.Equal("no", refused.Message);
        Assert.Empty(_cluster.Signals.LogOf("a"));
    }

    [Fact]
    public async Task The_calls_of_a_stream_pass_the_filters_too()
    {
        await foreach (int element in _cluster.Grains.GetGrain<IFilteredGrain>("a").Stream())
            Assert.Equal(1, element);
        Assert.Contains(_log.LogOf("calls"), e => e.StartsWith("in > StartEnumeration", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Without(string[] log) => log.Where(e => e.Contains("Say", StringComparison.Ordinal));

    private async Task OnIncoming(IIncomingGrainCallContext context)
    {
        bool isOurs = context.InterfaceType.ToString()!.Contains(nameof(IFilteredGrain), StringComparison.Ordinal);
        if (!isOurs && context.InterfaceMethod.Name != "StartEnumeration")
        {
            await context.Invoke();
            return;
        }

        string source = context.SourceId is not { } id ? "nobody" : id.Type.ToString()!.StartsWith("filtered", StringComparison.Ordinal) ? id.Key.ToString()! : "somebody";
        _log.Log("calls", $"in > {context.InterfaceMethod.Name}({Argument(context)}) from {source}, {context.TargetId.Key}");
        if (Argument(context) == "forbidden")
            throw new UnauthorizedAccessException("no");
        if (context.MethodName == "Say")
            context.Request.SetArgument(0, Argument(context).ToUpper(CultureInfo.InvariantCulture));
        await context.Invoke();
        if (context.Result is string text)
            context.Result = text + " in";
    }

    private async Task OnOutgoing(string where, IOutgoingGrainCallContext context)
    {
        if (context.InterfaceMethod.DeclaringType != typeof(IFilteredGrain))
        {
            await context.Invoke();
            return;
        }

        _log.Log("calls", $"{where} > {context.MethodName}({Argument(context)}) from {context.SourceContext?.GrainId.Key.ToString() ?? "nobody"}");
        try
        {
            await context.Invoke();
        }
        catch (InvalidOperationException exception)
        {
            _log.Log("calls", $"{where} failed: {exception.Message}");
            context.Result = -1;
        }

        _log.Log("calls", $"{where} < {context.MethodName}");
        if (context.Result is string text)
            context.Result = $"{text} out-{where}";
    }

    private static string Argument(IGrainCallContext context)
        => context.Request.GetArgumentCount() > 0 && context.Request.GetArgument(context.Request.GetArgumentCount() - 1) is string text ? text : "";
}
