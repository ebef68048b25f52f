namespace OrleansLM.Polyfills.Tests.Orleans.Requests;

public interface IContextGrain : IGrainWithStringKey
{
    Task<string?> Get(string key);

    /// <summary>Sets a value and asks the other grain for it.</summary>
    Task<string?> SetAndAsk(IContextGrain other, string key, string value);
}
