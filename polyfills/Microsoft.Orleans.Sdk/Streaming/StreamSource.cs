namespace Orleans.Streaming;

/// <summary>The grain's side of one enumeration.</summary>
internal abstract class StreamSource(CancellationTokenSource cancellation) : IAsyncDisposable
{
    private readonly CancellationTokenSource _pollStop = new();

    /// <summary>Whether nothing was pulled since this was last asked.</summary>
    public bool IsForgotten
    {
        get
        {
            bool isForgotten = !WasPulled && !IsPolling;
            WasPulled = false;
            return isForgotten;
        }
    }

    protected bool WasPulled { get; set; }

    protected bool IsPolling { get; set; }

    protected CancellationToken PollStop => _pollStop.Token;

    /// <summary>
    /// The elements that are there, or the next one when it comes; a heartbeat when it does not come within the polling time. One call at a time.
    /// </summary>
    public abstract ValueTask<EnumerationStep> PullAsync(TimeSpan pollingTime, TimeProvider time, CancellationToken cancellation);

    /// <summary>Makes a pull that waits return a heartbeat now.</summary>
    public void StopPolling() => _pollStop.Cancel();

    /// <summary>Cancels the enumeration and waits for it to end.</summary>
    public async ValueTask DisposeAsync()
    {
        await cancellation.CancelAsync();
        await EndAsync();
        cancellation.Dispose();
    }

    protected abstract ValueTask EndAsync();
}
