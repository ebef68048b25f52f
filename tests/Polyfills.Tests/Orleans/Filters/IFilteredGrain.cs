namespace OrleansLM.Polyfills.Tests.Orleans.Filters;

public interface IFilteredGrain : IGrainWithStringKey
{
    Task<string> Say(string text);

    Task<string> SayThrough(IFilteredGrain other, string text);

    Task<int> Fail();

    IAsyncEnumerable<int> Stream();
}
