using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime.Turns;

/// <summary>What two engines must have in common to take each other's states. How layers are cut into stages is not part of it.</summary>
/// <param name="Fingerprint"><see cref="EngineDescription.Fingerprint"/>.</param>
/// <param name="BackendKind"><see cref="EngineDescription.BackendKind"/>.</param>
/// <param name="IsRecurrent">Slots instead of pages.</param>
/// <param name="StateType">Element type of keys and values; f32 for recurrent states.</param>
/// <param name="PageTokens">P; 0 for recurrent states.</param>
/// <param name="UnitBytes">Bytes of a page or slot, all layers.</param>
internal sealed record StateIdentity(string Fingerprint, string BackendKind, bool IsRecurrent, DataType StateType, int PageTokens, int UnitBytes)
{
    /// <summary>Pages behind a sliding window are gone, so that a state is always exported as a whole.</summary>
    public bool HasWindow { get; init; }
}
