namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

public sealed class CallGrain(Signals signals) : Grain, ICallGrain
{
    private Parcel _kept = new();

    public Task<int> Add(int a, int b) => Task.FromResult(a + b);

    public ValueTask<string?> Echo(string? text) => new(text);

    public ValueTask Nothing() => default;

    public Task<(int Sum, List<int> Items)> Tuple(IReadOnlyList<int> items) => Task.FromResult((items.Sum(), items.ToList()));

    public Task Throw(string message, int code) => throw new RefusedException(message, code);

    public async Task<int> ThrowBuiltIn()
    {
        await Task.Yield();
        throw new InvalidDataException("broken data");
    }

    public async Task<bool> WaitForCancellation(string name, CancellationToken cancellationToken)
    {
        signals.Set($"{name} started");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            signals.Set($"{name} cancelled");
        }

        return true;
    }

    public Task Forever(string name) => signals.WaitAsync(name);

    public Task<Parcel> KeepAndChange(Parcel parcel)
    {
        parcel.Label += " changed";
        parcel.Numbers.Add(99);
        _kept = parcel;
        return Task.FromResult(parcel);
    }

    public Task<Parcel> Kept() => Task.FromResult(_kept);

    public Task<Stamp> Restamp(Stamp stamp)
    {
        stamp.Numbers.Add(1);
        return Task.FromResult(stamp with { Text = stamp.Text + "!" });
    }

    public Task<int> ReferencesAreKept(List<Parcel> parcels)
        => Task.FromResult(parcels.Distinct(ReferenceEqualityComparer.Instance).Count() + (ReferenceEquals(parcels[0].Inner, parcels[0]) ? 100 : 0));

    public Task<object> EchoObject(object value) => Task.FromResult(value);

    public Task<ICallGrain> Self() => Task.FromResult(this.AsReference<ICallGrain>());
}
