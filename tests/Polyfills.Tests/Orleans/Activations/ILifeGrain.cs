using Orleans.Concurrency;

namespace OrleansLM.Polyfills.Tests.Orleans.Activations;

public interface ILifeGrain : IGrainWithStringKey
{
    /// <summary>Tells one activation from another.</summary>
    Task<Guid> Instance();

    Task<string> Silo();

    Task End();

    /// <summary>Ends the activation, and waits for the event before it returns.</summary>
    Task EndAndHold(string name);

    Task Hold(string name);

    [AlwaysInterleave]
    Task<int> UseState(string value);
}
