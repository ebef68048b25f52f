using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>
/// The life of a call: it ends exactly once, with a status, by the first of: the server's trailers, the caller's
/// cancellation, the deadline, disposal, or a failure of the transport. Ending it stops everything it still does.
/// </summary>
internal abstract class HttpCall : IDisposable
{
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(49);

    private readonly ActiveCalls _calls;
    private readonly CancellationTokenSource _running = new();
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Status> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _cancellation;
    private readonly Timer? _deadlineTimer;
    private Metadata _trailers = Metadata.Empty;
    private bool _endedLocally;

    protected HttpCall(ChannelSettings settings, ActiveCalls calls, CallOptions options, string method)
    {
        Settings = settings;
        Options = options;
        MethodName = method;
        Running = _running.Token;
        _calls = calls;
        _calls.Add(this);
        if (options.Deadline is { } deadline)
        {
            _deadlineTimer = new Timer(static call => ((HttpCall)call!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Arm(deadline);
        }

        _cancellation = options.CancellationToken.UnsafeRegister(static call => ((HttpCall)call!).Cancel(), this);
    }

    public Task<Metadata> ResponseHeadersAsync => _headers.Task;

    public string MethodName { get; }

    /// <summary>Cancelled when the call has ended, however it ended.</summary>
    public CancellationToken Running { get; }

    public bool Disposed { get; private set; }

    public bool Ended => _end.Task.IsCompleted;

    protected ChannelSettings Settings { get; }

    protected CallOptions Options { get; }

    public Status GetStatus() => Ended ? _end.Task.Result : throw Unfinished("status");

    public Metadata GetTrailers() => Ended ? Volatile.Read(ref _trailers) : throw Unfinished("trailers");

    /// <summary>What the caller gets to see of an end that was not a success.</summary>
    public Exception Failure()
    {
        Status status = GetStatus();
        var failure = new RpcException(status, GetTrailers());
        return Settings.ThrowsCancellation && status.StatusCode is StatusCode.Cancelled or StatusCode.DeadlineExceeded && _endedLocally
            ? new OperationCanceledException(status.Detail, failure, Options.CancellationToken)
            : failure;
    }

    public void Cancel() => EndLocally(new Status(StatusCode.Cancelled, "Call canceled by the client."));

    public void Dispose()
    {
        Disposed = true;
        EndLocally(new Status(StatusCode.Cancelled, "gRPC call disposed."));
    }

    /// <summary>Ends the call unless it has ended.</summary>
    public bool End(Status status, Metadata? trailers = null)
    {
        lock (_end)
        {
            if (Ended)
            {
                return false;
            }

            _trailers = trailers ?? Metadata.Empty;
            _end.SetResult(status);
        }

        Release(status);
        return true;
    }

    protected void AcceptHeaders(Metadata headers) => _headers.TrySetResult(headers);

    private void Release(Status status)
    {
        if (status.StatusCode != StatusCode.OK)
        {
            Settings.Logger.CallEnded(MethodName, status.StatusCode, status.Detail);
        }

        _calls.Remove(this);
        _deadlineTimer?.Dispose();
        _cancellation.Unregister();
        if (!_headers.Task.IsCompleted)
        {
            _headers.TrySetException(Failure());
            _ = _headers.Task.Exception;
        }

        OnEnded(status);
        if (status.StatusCode != StatusCode.OK)
        {
            _running.Cancel();
        }
    }

    /// <summary>Called once, when the status is known.</summary>
    protected abstract void OnEnded(Status status);

    private static InvalidOperationException Unfinished(string what) =>
        new($"Unable to get the {what} because the call is not complete.");

    private void EndLocally(Status status)
    {
        lock (_end)
        {
            if (Ended)
            {
                return;
            }

            _endedLocally = true;
        }

        End(status);
    }

    private void Arm(DateTime deadline)
    {
        TimeSpan left = deadline.ToUniversalTime() - DateTime.UtcNow;
        TimeSpan wait = left < TimeSpan.Zero ? TimeSpan.Zero : left < s_longestTimer ? left : s_longestTimer;
        _deadlineTimer!.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void Expire()
    {
        DateTime deadline = Options.Deadline!.Value;
        if (deadline.ToUniversalTime() > DateTime.UtcNow)
        {
            Arm(deadline);
            return;
        }

        EndLocally(new Status(StatusCode.DeadlineExceeded, ""));
    }
}
