namespace OrleansLM.Engine.Runtime;

/// <summary>A request that the engine refused or a turn that failed. The sequence is unchanged.</summary>
public sealed class EngineException(EngineError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public EngineError Error { get; } = error;

    /// <summary>The parameter that is wrong, where one is.</summary>
    public string? Field { get; init; }

    public TimeSpan? RetryAfter { get; init; }
}
