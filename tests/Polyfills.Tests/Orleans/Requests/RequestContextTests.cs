namespace OrleansLM.Polyfills.Tests.Orleans.Requests;

public sealed class RequestContextTests(GrainCluster cluster) : IClassFixture<GrainCluster>
{
    [Fact]
    public async Task Values_travel_with_the_call_and_all_calls_behind_it_and_not_back()
    {
        IContextGrain a = cluster.Grains.GetGrain<IContextGrain>("a");
        IContextGrain b = cluster.Grains.GetGrain<IContextGrain>("b");
        Assert.Null(await a.Get("who"));
        RequestContext.Set("who", "me");
        Assert.Equal("me", await a.Get("who"));
        Assert.Equal("you", await a.SetAndAsk(b, "who", "you"));
        Assert.Equal("me", RequestContext.Get("who"));
        Assert.Equal("me", await b.Get("who"));
        Assert.True(RequestContext.Remove("who"));
        Assert.Null(await b.Get("who"));
    }

    [Fact]
    public async Task Values_are_the_flows_own()
    {
        RequestContext.Set("a", 1);
        RequestContext.Set("b", 2);
        Assert.Equal(["a", "b"], RequestContext.Keys.Order());
        await Task.Run(() => RequestContext.Set("a", 3));
        Assert.Equal(1, RequestContext.Get("a"));
        RequestContext.Clear();
        Assert.Empty(RequestContext.Entries);
    }
}
