using Grpc.Net.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The caller's deadline: a token that is set when it passes or the caller hangs up.</summary>
internal sealed class CallDeadline : IDisposable
{
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(49);

    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _aborted;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CallDeadline(TimeSpan timeout, CancellationToken aborted)
    {
        Instant = DateTime.MaxValue - DateTime.UtcNow > timeout ? DateTime.UtcNow + timeout : DateTime.MaxValue;
        _aborted = aborted;
        _source = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        Token = _source.Token;
        Token.UnsafeRegister(static over => ((TaskCompletionSource)over!).TrySetResult(), _over);
        if (timeout <= TimeSpan.Zero)
        {
            _source.Cancel();
        }
        else if (timeout < s_longestTimer)
        {
            _source.CancelAfter(timeout);
        }
    }

    /// <summary>UTC.</summary>
    public DateTime Instant { get; }

    public CancellationToken Token { get; }

    /// <summary>Ends when the deadline passes or the caller hangs up.</summary>
    public Task Over => _over.Task;

    public bool Passed => Token.IsCancellationRequested && !_aborted.IsCancellationRequested;

    /// <summary>Null when the request has no (readable) timeout.</summary>
    public static CallDeadline? FromRequest(HttpContext http) =>
        TimeoutHeader.TryParse(http.Request.Headers[GrpcHeaders.Timeout], out TimeSpan timeout)
            ? new CallDeadline(timeout, http.RequestAborted)
            : null;

    public void Dispose() => _source.Dispose();
}
