using Orleans.Runtime.Invocation;
using Orleans.Streaming;

namespace Orleans.Runtime.Activations;

/// <summary>The streams that are read from an activation. One from which nothing is pulled for longer than the response timeout ends.</summary>
internal sealed class ActivationStreams(Activation activation, ActivationHost host) : IAsyncEnumerableGrainExtension, IAsyncDisposable
{
    // In quarters of the response timeout.
    private const int HeartbeatAge = 2;
    private const int ForgottenAge = 4;

    private readonly Dictionary<Guid, StreamSource> _streams = [];
    private IGrainTimer? _care;
    private bool _isStopping;

    public ValueTask<EnumerationStep> StartEnumeration(Guid id, MethodCall call, int maxBatchSize, CancellationToken cancellationToken)
    {
        StartCare();
        var cancellation = new CancellationTokenSource();

        // As in the package: the reader's token reaches an iterator through [EnumeratorCancellation], never as the argument itself.
        call.PutCancellationToken();
        call.Target = activation.GrainInstance;
        StreamSource stream = call.Method.Return.CreateSource(call.Method.Invoke(activation.GrainInstance!, call.Arguments)!, maxBatchSize, cancellation);
        _streams.Add(id, stream);
        return PullAsync(id, stream, cancellationToken);
    }

    public ValueTask<EnumerationStep> MoveNext(Guid id, CancellationToken cancellationToken)
        => _streams.TryGetValue(id, out StreamSource? stream) ? PullAsync(id, stream, cancellationToken) : new ValueTask<EnumerationStep>(EnumerationStep.Missing);

    public async ValueTask DisposeAsync(Guid id)
    {
        if (_streams.Remove(id, out StreamSource? stream))
            await EndAsync(stream);
    }

    public async ValueTask DisposeAsync()
    {
        StopCare();
        foreach (StreamSource stream in _streams.Values.ToArray())
            await EndAsync(stream);
        _streams.Clear();
    }

    /// <summary>Pulls that wait return a heartbeat, and so do later ones.</summary>
    public void StopPolling()
    {
        _isStopping = true;
        foreach (StreamSource stream in _streams.Values)
            stream.StopPolling();
    }

    private ValueTask<EnumerationStep> PullAsync(Guid id, StreamSource stream, CancellationToken cancellation)
    {
        if (_isStopping)
            stream.StopPolling();
        ValueTask<EnumerationStep> pull = stream.PullAsync(cancellation);
        if (!pull.IsCompletedSuccessfully)
            return FinishPullAsync(id, pull);

        EnumerationStep step = pull.Result;
        return IsEnd(step) ? EndWithAsync(id, step) : new ValueTask<EnumerationStep>(step);
    }

    private async ValueTask<EnumerationStep> FinishPullAsync(Guid id, ValueTask<EnumerationStep> pull)
    {
        EnumerationStep step = await pull;
        return IsEnd(step) ? await EndWithAsync(id, step) : step;
    }

    private async ValueTask<EnumerationStep> EndWithAsync(Guid id, EnumerationStep step)
    {
        await DisposeAsync(id);
        return step;
    }

    private static bool IsEnd(EnumerationStep step) => step.IsLast || step.Status is not (EnumerationStatus.Elements or EnumerationStatus.Heartbeat);

    private void StartCare()
    {
        TimeSpan period = host.Runtime.ResponseTimeout / ForgottenAge;
        _care ??= activation.RegisterTimer(CareAsync, new GrainTimerCreationOptions(period, period) { Interleave = true });
    }

    // A pull that waits for long gets a heartbeat, before its reader's patience is over; a stream that nobody reads from ends.
    private async Task CareAsync(CancellationToken cancellation)
    {
        foreach ((Guid id, StreamSource stream) in _streams.ToArray())
        {
            stream.Age++;
            if (stream.IsPolling && stream.Age >= HeartbeatAge)
                stream.Wake();
            else if (!stream.IsPolling && stream.Age > ForgottenAge)
                await DisposeAsync(id);
        }

        if (_streams.Count == 0)
            StopCare();
    }

    private void StopCare()
    {
        _care?.Dispose();
        _care = null;
    }

    private async Task EndAsync(StreamSource stream)
    {
        try
        {
            await stream.DisposeAsync().AsTask().WaitAsync(host.Runtime.ResponseTimeout, host.Time);
        }
        catch (Exception exception)
        {
            host.LogStreamEndFailed(activation.GrainId, exception);
        }
    }
}
