using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using OrleansLM.Contracts.Errors;
using OrleansLM.Gateway.Hosting;

namespace OrleansLM.Gateway.Limits;

/// <summary>Counts the open streams of this gateway and refuses one too many at once: nobody waits in a queue that a client cannot see.</summary>
public sealed class StreamLimiter(IOptions<GatewayOptions> options) : IDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions { PermitLimit = options.Value.MaxConcurrentStreams, QueueLimit = 0 });
    private readonly int _limit = options.Value.MaxConcurrentStreams;

    /// <returns>A place, given back when disposed.</returns>
    /// <exception cref="OrleansLMException">ResourceExhausted: all places are taken.</exception>
    public RateLimitLease Enter()
    {
        var lease = _limiter.AttemptAcquire();
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        throw new OrleansLMException(ErrorCode.ResourceExhausted, $"{_limit} streams are open at this gateway, which is its limit")
        {
            Reason = "TOO_MANY_STREAMS",
            RetryAfter = TimeSpan.FromSeconds(1),
        };
    }

    public void Dispose() => _limiter.Dispose();
}
