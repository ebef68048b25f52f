using Orleans.Concurrency;

namespace OrleansLM.Polyfills.Tests.Orleans.Streams;

public interface IStreamGrain : IGrainWithStringKey
{
    /// <summary>0, 1, … without ever waiting.</summary>
    IAsyncEnumerable<int> Count(int end);

    /// <summary>Before each element waits for the event <c>name i</c>; logs the elements it gives and its end.</summary>
    IAsyncEnumerable<string> Gated(string name, int end, CancellationToken cancellationToken = default);

    /// <summary>Some elements, then an exception.</summary>
    IAsyncEnumerable<int> Break(int after);

    /// <summary>Lets another task run, then fails, and has told the activation to end meanwhile.</summary>
    IAsyncEnumerable<int> BreakAndEnd();

    IAsyncEnumerable<Calls.Parcel> Parcels(int count);

    /// <summary>Gives an element after each delay.</summary>
    IAsyncEnumerable<int> Slow(int count, TimeSpan delay);

    IAsyncEnumerable<string?> Context(string key);

    /// <summary>Reads another grain's stream and gives its elements on.</summary>
    IAsyncEnumerable<int> Relay(IStreamGrain source, int end);

    Task<int> Ping();

    [AlwaysInterleave]
    Task End();
}
