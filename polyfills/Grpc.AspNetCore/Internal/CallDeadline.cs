using Grpc.Net.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The caller's deadline: a token that is set when it passes or the caller hangs up.</summary>
internal sealed class CallDeadline : IDisposable
{
    private static readonly TimeSpan s_longestTimer = TimeSpan.FromDays(49);

    private readonly CancellationTokenSource _source;

    private CallDeadline(TimeSpan timeout, CancellationToken aborted)
    {
        Instant = DateTime.MaxValue - DateTime.UtcNow > timeout ? DateTime.UtcNow + timeout : DateTime.MaxValue;
        _source = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        if (timeout <= TimeSpan.Zero)
        {
            _source.Cancel();
        }
        else if (timeout < s_longestTimer)
        {
            _source.CancelAfter(timeout);
        }

        Token = _source.Token;
        _aborted = aborted;
    }

    private readonly CancellationToken _aborted;

    /// <summary>UTC.</summary>
    public DateTime Instant { get; }

    public CancellationToken Token { get; }

    public bool Passed => Token.IsCancellationRequested && !_aborted.IsCancellationRequested;

    /// <summary>Null when the request has no (readable) timeout.</summary>
    public static CallDeadline? FromRequest(HttpContext http) =>
        TimeoutHeader.TryParse(http.Request.Headers[GrpcHeaders.Timeout], out TimeSpan timeout)
            ? new CallDeadline(timeout, http.RequestAborted)
            : null;

    public void Dispose() => _source.Dispose();
}
