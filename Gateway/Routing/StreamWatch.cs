namespace OrleansLM.Gateway.Routing;

/// <summary>
/// Watches a stream that a reader waits for: when nothing comes for a while, asks who has the session now whether it has the stream. A silo that died says nothing,
/// and the call that waits for it, or went through it, may only time out; but whoever has the session then answers as soon as the silo is declared dead.
/// </summary>
internal sealed class StreamWatch : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(2);

    private readonly Func<CancellationToken, Task<bool>> _hasStream;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _watching;
    private long _waitsSince;
    private volatile bool _hasGiven;

    public StreamWatch(Func<CancellationToken, Task<bool>> hasStream, TimeProvider time)
    {
        (_hasStream, _time) = (hasStream, time);
        _watching = WatchAsync();
    }

    /// <summary>Cancelled when nobody has the stream any more.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The reader waits from now on.</summary>
    public void Waits() => Volatile.Write(ref _waitsSince, _time.GetTimestamp());

    /// <summary>Something came.</summary>
    public void Came()
    {
        Volatile.Write(ref _waitsSince, 0);
        _hasGiven = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
        _lost.Dispose();
    }

    private bool IsSilent => Volatile.Read(ref _waitsSince) is not 0 and var since && _time.GetElapsedTime(since) >= s_interval;

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(s_interval, _time);
        var denials = 0;
        while (await TickAsync(timer))
        {
            if (IsSilent && await AskAsync() is { } hasStream)
            {
                denials = hasStream ? 0 : denials + 1;
            }

            // A stream that has given nothing yet may still be on its way to the grain when the first question arrives there.
            if (denials > (_hasGiven ? 0 : 1) && IsSilent)
            {
                await _lost.CancelAsync();
                return;
            }
        }
    }

    private async Task<bool> TickAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(_end.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Null when nobody can say.</summary>
    private async Task<bool?> AskAsync()
    {
        try
        {
            return await _hasStream(_end.Token).WaitAsync(s_answerLimit, _time, _end.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException || SiloLoss.Is(failure))
        {
            return null;
        }
    }
}
