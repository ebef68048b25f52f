namespace Orleans.Runtime.Activations;

/// <summary>Gives its activation a tick to run when it is due, and sets the next due time when the tick has run.</summary>
internal sealed class GrainTimer : IGrainTimer
{
    private readonly Activation _activation;
    private readonly Func<CancellationToken, Task> _callback;
    private readonly CancellationTokenSource _disposed = new();
    private readonly TimerTick _tick;
    private readonly ITimer _timer;
    private readonly ActivationHost _host;
    private TimeSpan _period;
    private int _changes;
    private bool _isTicking;

    public GrainTimer(Activation activation, ActivationHost host, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        _activation = activation;
        _host = host;
        _callback = callback;
        _period = Checked(options.Period, nameof(options.Period));
        Checked(options.DueTime, nameof(options.DueTime));
        _tick = new TimerTick(this, options.Interleave, options.KeepAlive);
        using (ExecutionContext.SuppressFlow())
            _timer = host.Time.CreateTimer(static t => ((GrainTimer)t!).OnDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Start(TimeSpan dueTime) => _timer.Change(dueTime, Timeout.InfiniteTimeSpan);

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Checked(dueTime, nameof(dueTime));
        _period = Checked(period, nameof(period));
        _changes++;
        if (!_disposed.IsCancellationRequested)
            Start(dueTime);
    }

    public void Dispose()
    {
        if (_disposed.IsCancellationRequested)
            return;

        _timer.Dispose();
        _activation.RemoveTimer(this);
        _disposed.Cancel();
    }

    /// <summary>A turn of the activation.</summary>
    public async Task TickAsync()
    {
        int changes = _changes;
        try
        {
            if (!_disposed.IsCancellationRequested)
                await _callback(_disposed.Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !_disposed.IsCancellationRequested)
        {
            _host.LogTimerFailed(_activation.GrainId, exception);
        }
        catch (OperationCanceledException)
        {
            // The timer was disposed, and the callback has stopped because of it.
        }

        Volatile.Write(ref _isTicking, false);
        if (!_disposed.IsCancellationRequested && changes == _changes)
            Start(_period);
    }

    private static TimeSpan Checked(TimeSpan span, string name)
        => span >= TimeSpan.Zero || span == Timeout.InfiniteTimeSpan
            ? span
            : throw new ArgumentOutOfRangeException(name, span, "Neither negative nor, unless infinite, -1 ms.");

    private void OnDue()
    {
        if (!Interlocked.Exchange(ref _isTicking, true))
            _activation.Receive(_tick);
    }
}
