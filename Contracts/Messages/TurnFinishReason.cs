namespace OrleansLM.Contracts.Messages;

/// <summary>Why a turn ended. Persisted in session logs: append only.</summary>
[GenerateSerializer, Alias("orleanslm.TurnFinishReason")]
public enum TurnFinishReason
{
    /// <summary>Not ended.</summary>
    None = 0,

    /// <summary>End-of-sequence id, stop id or stop string.</summary>
    Stop = 1,

    /// <summary>Maximum reached or context full; for an append: the input is in.</summary>
    Length = 2,

    Cancelled = 3,
}
