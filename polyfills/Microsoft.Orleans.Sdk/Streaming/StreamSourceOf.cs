namespace Orleans.Streaming;

internal sealed class StreamSource<T> : StreamSource
{
    private readonly IAsyncEnumerator<T> _enumerator;
    private readonly int _maxBatchSize;

    // A MoveNextAsync that has not been reported yet: it may go on from one pull to the next.
    private Task<bool>? _pending;

    public StreamSource(IAsyncEnumerable<T> stream, int maxBatchSize, CancellationTokenSource cancellation)
        : base(cancellation)
    {
        _enumerator = stream.GetAsyncEnumerator(cancellation.Token);
        _maxBatchSize = maxBatchSize;
    }

    public override ValueTask<EnumerationStep> PullAsync(TimeSpan pollingTime, TimeProvider time, CancellationToken cancellation)
    {
        WasPulled = true;
        if (_pending is null && TakeReady() is { } step)
            return new ValueTask<EnumerationStep>(step);

        return PollAsync(_pending!, pollingTime, time, cancellation);
    }

    protected override async ValueTask EndAsync()
    {
        if (_pending is not null)
            await ((Task)_pending).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        await _enumerator.DisposeAsync();
    }

    // Null when nothing is ready; the pending move is set then.
    private EnumerationStep? TakeReady()
    {
        StreamBatch<T>? batch = null;
        do
        {
            ValueTask<bool> move = _enumerator.MoveNextAsync();
            if (!move.IsCompletedSuccessfully)
            {
                _pending = move.AsTask();
                return batch is null ? null : new EnumerationStep(EnumerationStatus.Elements, batch);
            }

            if (!move.Result)
                return batch is null ? EnumerationStep.Completed : new EnumerationStep(EnumerationStatus.Elements, batch, IsLast: true);

            if (batch is null)
                batch = new StreamBatch<T>(_enumerator.Current);
            else
                batch.Add(_enumerator.Current);
        }
        while (batch.Count < _maxBatchSize);
        return new EnumerationStep(EnumerationStatus.Elements, batch);
    }

    private async ValueTask<EnumerationStep> PollAsync(Task<bool> pending, TimeSpan pollingTime, TimeProvider time, CancellationToken cancellation)
    {
        if (!pending.IsCompleted)
            await WaitAsync(pending, pollingTime, time, cancellation);
        if (!pending.IsCompleted)
            return cancellation.IsCancellationRequested ? EnumerationStep.Cancelled : EnumerationStep.Heartbeat;

        _pending = null;
        if (pending.IsCanceled)
            return EnumerationStep.Cancelled;
        if (pending.Exception is { } failure)
            return new EnumerationStep(EnumerationStatus.Failed, Exception: failure.InnerException);

        return await pending ? new EnumerationStep(EnumerationStatus.Elements, new StreamBatch<T>(_enumerator.Current)) : EnumerationStep.Completed;
    }

    private async Task WaitAsync(Task<bool> pending, TimeSpan pollingTime, TimeProvider time, CancellationToken cancellation)
    {
        IsPolling = true;
        using (cancellation.UnsafeRegister(static source => ((StreamSource<T>)source!).StopPolling(), this))
        {
            await ((Task)pending.WaitAsync(pollingTime, time, PollStop))
                .ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        }

        IsPolling = false;
    }
}
