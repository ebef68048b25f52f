namespace Orleans.Streaming;

internal sealed class StreamSource<T> : StreamSource
{
    private readonly IAsyncEnumerator<T> _enumerator;
    private readonly int _maxBatchSize;
    private readonly Action _onMoved;

    // A move that was begun and not reported yet: it may go on from one pull to the next.
    private ValueTask<bool> _move;
    private bool _isMoving;
    private bool _hasMoved;
    private TaskCompletionSource? _end;
    private EnumerationStep? _outcome;

    public StreamSource(IAsyncEnumerable<T> stream, int maxBatchSize, CancellationTokenSource cancellation)
        : base(cancellation)
    {
        _enumerator = stream.GetAsyncEnumerator(cancellation.Token);
        _maxBatchSize = maxBatchSize;
        _onMoved = OnMoved;
    }

    public override ValueTask<EnumerationStep> PullAsync(CancellationToken cancellation)
    {
        Age = 0;
        return !_isMoving && TakeReady() is { } step ? new ValueTask<EnumerationStep>(step) : PollAsync(cancellation);
    }

    protected override bool HasNews() => Volatile.Read(ref _hasMoved);

    protected override void KeepOutcome()
    {
        if (_isMoving && HasNews())
            _outcome = TakeMoved();
    }

    protected override async ValueTask EndAsync()
    {
        if (_isMoving && !HasNews())
        {
            var end = new TaskCompletionSource();
            Volatile.Write(ref _end, end);
            Interlocked.MemoryBarrier();
            if (!HasNews())
                await end.Task;
        }

        if (_isMoving)
            await ((Task)_move.AsTask()).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        _isMoving = false;
        await _enumerator.DisposeAsync();
    }

    // Null when nothing is ready; a move is under way then, or has failed.
    private EnumerationStep? TakeReady()
    {
        StreamBatch<T>? batch = null;
        do
        {
            ValueTask<bool> move = _enumerator.MoveNextAsync();
            if (!move.IsCompletedSuccessfully)
            {
                Follow(move);
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

    private void Follow(ValueTask<bool> move)
    {
        _move = move;
        _isMoving = true;
        _hasMoved = false;
        move.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onMoved);
    }

    // On whatever thread the move ends.
    private void OnMoved()
    {
        Volatile.Write(ref _hasMoved, true);
        Interlocked.MemoryBarrier();
        Wake();
        Volatile.Read(ref _end)?.TrySetResult();
    }

    private async ValueTask<EnumerationStep> PollAsync(CancellationToken cancellation)
    {
        if (!HasNews())
        {
            using (cancellation.UnsafeRegister(static source => ((StreamSource<T>)source!).Wake(), this))
                await WaitAsync(cancellation);
        }

        if (IsDisposed)
            return _outcome ?? EnumerationStep.Missing;
        if (!HasNews())
            return cancellation.IsCancellationRequested ? EnumerationStep.Cancelled : EnumerationStep.Heartbeat;

        return TakeMoved();
    }

    private EnumerationStep TakeMoved()
    {
        _isMoving = false;
        try
        {
            return _move.GetAwaiter().GetResult()
                ? new EnumerationStep(EnumerationStatus.Elements, new StreamBatch<T>(_enumerator.Current))
                : EnumerationStep.Completed;
        }
        catch (OperationCanceledException)
        {
            return EnumerationStep.Cancelled;
        }
        catch (Exception exception)
        {
            return new EnumerationStep(EnumerationStatus.Failed, Exception: exception);
        }
    }
}
