namespace OrleansLM.Engine.Sampling;

/// <summary>Why a generation ended. Values are persisted: append only.</summary>
public enum FinishReason
{
    /// <summary>Not ended.</summary>
    None = 0,

    /// <summary>An end-of-sequence id, a stop id or a stop string.</summary>
    Stop = 1,

    /// <summary>Maximum of new tokens, or the model's context is full.</summary>
    Length = 2,

    /// <summary>Cancelled by the caller; what was generated stays.</summary>
    Cancelled = 3,
}
