namespace OrleansLM.Engine.State.Transfer;

/// <summary>Why a stored state is refused.</summary>
public enum StateFault
{
    /// <summary>Not a stored state at all, or fields that contradict each other.</summary>
    NotAState,

    /// <summary>A format version that this program does not read.</summary>
    Version,

    /// <summary>It ends too early.</summary>
    Truncated,

    /// <summary>A checksum does not match.</summary>
    Damaged,

    /// <summary>Other weights, another kind of device, another element type or page size.</summary>
    OtherModel,

    /// <summary>It was computed from other token ids than the sequence has, or goes on where the sequence has not come to.</summary>
    OtherTokens,
}
