namespace OrleansLM.Engine.Runtime;

public enum EngineError
{
    /// <summary>The request is wrong whatever the state of the engine.</summary>
    InvalidArgument,

    /// <summary>The sequence would be longer than the model's context.</summary>
    ContextFull,

    /// <summary>Another turn of the sequence is running.</summary>
    Busy,

    /// <summary>No memory or queue place; <see cref="EngineException.RetryAfter"/> says when to try again, null when it can never fit.</summary>
    ResourceExhausted,

    /// <summary>The engine is shutting down or was lost.</summary>
    Unavailable,

    /// <summary>A defect, or numbers that are not finite.</summary>
    Internal,
}
