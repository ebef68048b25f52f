using OrleansLM.Contracts.Errors;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Silo.Models;

/// <summary>The engine's errors in the words of the contracts.</summary>
internal static class EngineErrors
{
    public static OrleansLMException Translate(Exception failure) => failure switch
    {
        OrleansLMException known => Copy(known),
        EngineException engine => Translate(engine),
        _ => new(ErrorCode.Internal, $"the engine failed: {failure.Message}") { Reason = "ENGINE_FAILED" },
    };

    /// <summary>An exception that is thrown to several callers is one object each, as throwing changes it.</summary>
    public static OrleansLMException Copy(OrleansLMException failure) => new(failure.Code, failure.Message)
    {
        Field = failure.Field,
        Reason = failure.Reason,
        RetryAfter = failure.RetryAfter,
        TurnId = failure.TurnId,
    };

    private static OrleansLMException Translate(EngineException failure)
    {
        var (code, reason) = failure.Error switch
        {
            EngineError.InvalidArgument => (ErrorCode.InvalidArgument, null),
            EngineError.ContextFull => (ErrorCode.FailedPrecondition, "CONTEXT_FULL"),
            EngineError.Busy => (ErrorCode.Aborted, "TURN_IN_PROGRESS"),
            EngineError.ResourceExhausted => (ErrorCode.ResourceExhausted, "ENGINE_FULL"),
            EngineError.Unavailable => (ErrorCode.Unavailable, "ENGINE_UNAVAILABLE"),
            _ => (ErrorCode.Internal, "ENGINE_FAILED"),
        };
        return new OrleansLMException(code, failure.Message) { Field = failure.Field, Reason = reason, RetryAfter = failure.RetryAfter };
    }
}
