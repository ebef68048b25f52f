using Orleans.Concurrency;

namespace OrleansLM.Polyfills.Tests.Orleans.Turns;

public interface ITurnGrain : IGrainWithStringKey
{
    /// <summary>Logs its start, waits for the event of its name, logs its end.</summary>
    Task Hold(string name);

    [ReadOnly]
    Task HoldReadOnly(string name);

    [AlwaysInterleave]
    Task HoldInterleaving(string name);

    [OneWay]
    Task HoldOneWay(string name);

    /// <summary>Whether the grain's scheduler is still the current one after an await, and no other turn ran at the same time.</summary>
    Task<bool> StaysOnItsTurns();

    /// <summary>Calls itself through another grain.</summary>
    Task<string> CallBackThrough(ITurnGrain other, bool allowReentrancy);

    Task<string> PassOn(ITurnGrain target);

    Task<string> Name();
}
