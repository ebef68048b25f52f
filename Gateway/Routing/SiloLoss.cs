using Orleans.Runtime;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Gateway.Routing;

/// <summary>Failures that say something of the silo that was asked and nothing of the request: another silo, or the same one later, can answer.</summary>
internal static class SiloLoss
{
    /// <summary>True when the call may have had its effect all the same.</summary>
    public static bool IsAmbiguous(Exception failure) => failure is OrleansException or EnumerationAbortedException or TimeoutException;

    public static bool Is(Exception failure) => failure is OrleansLMException known
        ? known.Reason is "SESSION_MOVED" or "TURN_INTERRUPTED" or "SESSION_LOG_CLOSED" or "ENGINE_UNAVAILABLE"
        : IsAmbiguous(failure);

    /// <summary>What the caller is told when nobody took over in time.</summary>
    public static OrleansLMException GivenUp(Exception failure, TimeSpan after) => new(
        ErrorCode.Unavailable, $"the silo that served this was lost and no other took over within {after.TotalSeconds:F0} s: {failure.Message}")
    {
        Reason = "SILO_LOST",
        RetryAfter = TimeSpan.FromSeconds(1),
        TurnId = (failure as OrleansLMException)?.TurnId,
    };
}
