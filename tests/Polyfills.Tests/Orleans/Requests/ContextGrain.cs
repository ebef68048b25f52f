namespace OrleansLM.Polyfills.Tests.Orleans.Requests;

public sealed class ContextGrain : Grain, IContextGrain
{
    public async Task<string?> Get(string key)
    {
        await Task.Yield();
        return RequestContext.Get(key) as string;
    }

    public Task<string?> SetAndAsk(IContextGrain other, string key, string value)
    {
        RequestContext.Set(key, value);
        return other.Get(key);
    }
}
