
namespace OrleansLM.Polyfills.Node.Grains;

[Alias("orleanslm.test.INodeGrain")]
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>The silo that the activation is on, parsable.</summary>
    [Alias("Where")]
    Task<string> Where();

    [Alias("Activation")]
    Task<string> Activation();

    /// <summary>Counts calls, in the activation's memory.</summary>
    [Alias("Increment")]
    Task<int> Increment();

    [Alias("Echo")]
    Task<Cargo> Echo(Cargo cargo);

    [Alias("EchoObject")]
    Task<object?> EchoObject(object? value);

    [Alias("Fill")]
    Task<byte[]> Fill(int bytes);

    [Alias("Length")]
    Task<int> Length(byte[] bytes);

    /// <summary>Where another grain says that it is.</summary>
    [Alias("WhereIs")]
    Task<string> WhereIs(INodeGrain other);

    [Alias("Count")]
    IAsyncEnumerable<int> Count(int elements, CancellationToken cancellationToken = default);

    /// <summary>Yields 0, then waits for the reader to go away.</summary>
    [Alias("Hang")]
    IAsyncEnumerable<int> Hang(CancellationToken cancellationToken = default);

    /// <summary>Whether an enumeration of <see cref="Hang"/> has seen its cancellation.</summary>
    [Alias("HasSeenCancellation")]
    [Orleans.Concurrency.AlwaysInterleave]
    Task<bool> HasSeenCancellation();

    /// <summary>Whether <see cref="WaitForCancellation"/> has begun.</summary>
    [Alias("HasBegunToWait")]
    [Orleans.Concurrency.AlwaysInterleave]
    Task<bool> HasBegunToWait();

    [Alias("WaitForCancellation")]
    [Orleans.Concurrency.AlwaysInterleave]
    Task WaitForCancellation(CancellationToken cancellationToken);

    [Alias("Fail")]
    Task Fail(string kind);

    [Alias("ContextValue")]
    Task<object?> ContextValue(string key);

    [Alias("TraceId")]
    Task<string?> TraceId();

    /// <summary>Moves the activation to a silo.</summary>
    [Alias("MoveTo")]
    Task MoveTo(string silo);

    [Alias("Sleep")]
    Task Sleep(TimeSpan time);
}
