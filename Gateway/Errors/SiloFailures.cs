using Orleans.Runtime;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Gateway.Errors;

/// <summary>What a gateway hears when a silo is slow, gone or going: nothing is wrong with the request, and the same one passes when it comes again.</summary>
internal static class SiloFailures
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Unavailable with a retry hint; null when the failure is of another kind.</summary>
    public static OrleansLMException? Translate(Exception failure) => failure switch
    {
        TimeoutException => Unavailable("SILO_TIMEOUT", "the silo did not answer in time"),
        EnumerationAbortedException => Unavailable("STREAM_LOST", "the silo let go of the stream; its turn goes on: Resume it"),
        OrleansMessageRejectionException => Unavailable("SILO_LOST", "the silo cannot be reached"),
        _ => null,
    };

    private static OrleansLMException Unavailable(string reason, string message) => new(ErrorCode.Unavailable, message) { Reason = reason, RetryAfter = s_retryAfter };
}
