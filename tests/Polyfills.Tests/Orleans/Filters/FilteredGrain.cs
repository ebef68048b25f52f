namespace OrleansLM.Polyfills.Tests.Orleans.Filters;

/// <summary>A grain with a filter of its own.</summary>
public sealed class FilteredGrain(Signals signals) : Grain, IFilteredGrain, IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        signals.Log(this.GetPrimaryKeyString(), $"own {context.ImplementationMethod.Name}");
        await context.Invoke();
        if (context.Result is string text)
            context.Result = text + " own";
    }

    public Task<string> Say(string text) => Task.FromResult(text);

    public Task<string> SayThrough(IFilteredGrain other, string text) => other.Say(text);

    public Task<int> Fail() => throw new InvalidOperationException("failed");

    public async IAsyncEnumerable<int> Stream()
    {
        await Task.Yield();
        yield return 1;
    }
}
