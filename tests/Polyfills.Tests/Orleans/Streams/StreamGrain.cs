using System.Runtime.CompilerServices;

namespace OrleansLM.Polyfills.Tests.Orleans.Streams;

public sealed class StreamGrain(Signals signals) : Grain, IStreamGrain
{
    private int _pings;

    public async IAsyncEnumerable<int> Count(int end)
    {
        await Task.CompletedTask;
        for (int i = 0; i < end; i++)
            yield return i;
    }

    public async IAsyncEnumerable<string> Gated(string name, int end, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        try
        {
            for (int i = 0; i < end; i++)
            {
                await signals.WaitAsync($"{name} {i}").WaitAsync(cancellationToken);
                signals.Log(name, $"gives {i}");
                yield return $"{i}";
            }
        }
        finally
        {
            signals.Log(name, cancellationToken.IsCancellationRequested ? "cancelled" : "ends");
            signals.Set($"{name} ended");
        }
    }

    public async IAsyncEnumerable<int> Break(int after)
    {
        for (int i = 0; i < after; i++)
        {
            await Task.Yield();
            yield return i;
        }

        throw new Calls.RefusedException("broken", 7);
    }

    public async IAsyncEnumerable<int> BreakAndEnd()
    {
        await Task.Run(() => { });
        DeactivateOnIdle();
        if (_pings == 0)
            throw new Calls.RefusedException("broken at the end", 8);
        yield return 0;
    }

    public async IAsyncEnumerable<Calls.Parcel> Parcels(int count)
    {
        var parcel = new Calls.Parcel();
        for (int i = 0; i < count; i++)
        {
            parcel.Numbers.Add(i);
            yield return parcel;
            await Task.Yield();
        }
    }

    public async IAsyncEnumerable<int> Slow(int count, TimeSpan delay)
    {
        for (int i = 0; i < count; i++)
        {
            await Task.Delay(delay);
            yield return i;
        }
    }

    public async IAsyncEnumerable<string?> Context(string key)
    {
        await Task.Yield();
        yield return RequestContext.Get(key) as string;
    }

    public async IAsyncEnumerable<int> Relay(IStreamGrain source, int end)
    {
        await foreach (int i in source.Count(end))
            yield return i;
    }

    public Task<int> Ping() => Task.FromResult(++_pings);

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
