namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

public interface ICallGrain : IGrainWithGuidKey
{
    Task<int> Add(int a, int b);

    ValueTask<string?> Echo(string? text);

    ValueTask Nothing();

    Task<(int Sum, List<int> Items)> Tuple(IReadOnlyList<int> items);

    Task Throw(string message, int code);

    Task<int> ThrowBuiltIn();

    Task<bool> WaitForCancellation(string name, CancellationToken cancellationToken);

    Task Forever(string name);

    /// <summary>Keeps the parcel and gives it back changed.</summary>
    Task<Parcel> KeepAndChange(Parcel parcel);

    Task<Parcel> Kept();

    Task<Stamp> Restamp(Stamp stamp);

    Task<int> ReferencesAreKept(List<Parcel> parcels);

    Task<object> EchoObject(object value);

    Task<ICallGrain> Self();
}
