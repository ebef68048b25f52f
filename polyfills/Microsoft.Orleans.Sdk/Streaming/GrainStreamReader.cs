using System.Runtime.ExceptionServices;
using Orleans.Runtime;
using Orleans.Runtime.Invocation;

namespace Orleans.Streaming;

/// <summary>Pulls a stream from its grain, a batch at a time.</summary>
internal sealed class GrainStreamReader<T> : IAsyncEnumerator<T>
{
    private readonly Guid _id = Guid.NewGuid();
    private readonly IAsyncEnumerableGrainExtension _grain;
    private readonly MethodCall _call;
    private readonly int _maxBatchSize;
    private readonly CancellationTokenSource? _linked;
    private readonly CancellationToken _cancellation;
    private StreamBatch<T>? _batch;
    private int _index;
    private bool _isLast;
    private bool _isActive;
    private bool _isStarted;
    private bool _isDisposed;

    public GrainStreamReader(GrainReference grain, MethodCall call, int maxBatchSize, CancellationToken cancellation)
    {
        _grain = (IAsyncEnumerableGrainExtension)grain.Cast(typeof(IAsyncEnumerableGrainExtension));
        _call = call;
        _maxBatchSize = maxBatchSize;
        CancellationToken argument = call.GetCancellationToken();
        if (argument != cancellation && argument.CanBeCanceled && cancellation.CanBeCanceled)
            _linked = CancellationTokenSource.CreateLinkedTokenSource(argument, cancellation);
        _cancellation = _linked?.Token ?? (argument.CanBeCanceled ? argument : cancellation);
    }

    public T Current => _batch is { } batch ? batch[_index] : throw new InvalidOperationException("The stream has no current element.");

    public ValueTask<bool> MoveNextAsync()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_batch is { } batch && ++_index < batch.Count)
            return new ValueTask<bool>(true);

        _batch = null;
        return _isLast ? default : PullAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;

        _isDisposed = true;
        _linked?.Dispose();
        if (_isActive)
            await EndAsync();
    }

    private async ValueTask<bool> PullAsync()
    {
        try
        {
            EnumerationStep step;
            do
            {
                _cancellation.ThrowIfCancellationRequested();
                step = await StepAsync();
            }
            while (step.Status == EnumerationStatus.Heartbeat);

            return Take(step);
        }
        catch when (_isActive)
        {
            await EndAsync();
            throw;
        }
    }

    private ValueTask<EnumerationStep> StepAsync()
    {
        if (_isStarted)
            return _grain.MoveNext(_id, _cancellation);

        _isStarted = _isActive = true;
        return _grain.StartEnumeration(_id, _call, _maxBatchSize, _cancellation);
    }

    private bool Take(EnumerationStep step)
    {
        _isLast = step.IsLast || step.Status != EnumerationStatus.Elements;
        _isActive = !_isLast;
        switch (step.Status)
        {
            case EnumerationStatus.Failed:
                ExceptionDispatchInfo.Throw(step.Exception!);
                break;
            case EnumerationStatus.Cancelled:
                throw new OperationCanceledException(_cancellation.IsCancellationRequested ? _cancellation : default);
            case EnumerationStatus.Missing:
                throw new EnumerationAbortedException(
                    "The grain does not know this stream any more: the activation ended, or nothing was read for longer than the response timeout.");
        }

        _batch = (StreamBatch<T>?)step.Elements;
        _index = 0;
        return _batch is not null;
    }

    // The grain's side also ends by itself when nothing is read for a while, so a failure here only delays that.
    private async Task EndAsync()
    {
        _isActive = false;
        _isLast = true;
        await _grain.DisposeAsync(_id).AsTask().ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }
}
