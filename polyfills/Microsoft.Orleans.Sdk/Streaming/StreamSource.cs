using System.Threading.Tasks.Sources;

namespace Orleans.Streaming;

/// <summary>The grain's side of one enumeration. All members but <see cref="Wake"/> are for the activation's turns.</summary>
internal abstract class StreamSource(CancellationTokenSource cancellation) : IValueTaskSource, IAsyncDisposable
{
    // One wait at a time, of the pull that finds nothing; used again for the next.
    private ManualResetValueTaskSourceCore<bool> _wait;
    private int _isWaiting;
    private bool _isPollingStopped;

    /// <summary>Periods since something was pulled last, or since the pull that waits began.</summary>
    public int Age { get; set; }

    public bool IsPolling => Volatile.Read(ref _isWaiting) != 0;

    protected bool IsDisposed { get; private set; }

    /// <summary>The elements that are there, or the next one when it comes; a heartbeat when woken before. One call at a time.</summary>
    public abstract ValueTask<EnumerationStep> PullAsync(CancellationToken cancellation);

    /// <summary>Makes this pull, if it waits, and all later ones return at once.</summary>
    public void StopPolling()
    {
        _isPollingStopped = true;
        Wake();
    }

    /// <summary>Makes the pull that waits look again.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _isWaiting, 0) != 0)
            _wait.SetResult(true);
    }

    /// <summary>Cancels the enumeration and waits for it to end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (IsDisposed)
            return;

        // A pull that waits may not have run on yet when the enumeration has ended by itself: its reader gets that end, not a lost stream.
        KeepOutcome();
        IsDisposed = true;
        StopPolling();
        await cancellation.CancelAsync();
        await EndAsync();
        cancellation.Dispose();
    }

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _wait.OnCompleted(continuation, state, token, flags);

    /// <summary>Takes what the enumeration has come to, if anything, for the pull that waits.</summary>
    protected abstract void KeepOutcome();

    protected abstract ValueTask EndAsync();

    /// <summary>Waits until woken, unless there is a reason not to.</summary>
    protected ValueTask WaitAsync(CancellationToken cancellation)
    {
        _wait.Reset();
        Volatile.Write(ref _isWaiting, 1);
        if (_isPollingStopped || cancellation.IsCancellationRequested || HasNews())
            Wake();
        return new ValueTask(this, _wait.Version);
    }

    protected abstract bool HasNews();
}
