using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends;

/// <summary>
/// The recurrent states of one SUPRA layer, one slot a sequence. A slot is the state S of spec §3.4 as it was at the last multiple of
/// <paramref name="ChunkTokens"/>, always fp32 (spec §3.5), followed by the keys and the values of the tokens since then, the open chunk, so that what a token reads
/// is a function of the tokens before it and not of how they were cut into steps. With chunks of one token there is no open chunk: the recurrent form.
/// </summary>
/// <param name="States">[SlotCount, SlotElements]: S [H, D, D], rows are key dimensions, columns value dimensions; then keys and values [C - 1, G, D] each.</param>
/// <param name="SlotCount">Sequences that have room.</param>
/// <param name="Heads">H.</param>
/// <param name="KeyValueHeads">G.</param>
/// <param name="HeadDim">D.</param>
/// <param name="ChunkTokens">C, at least 1: chunks begin at its multiples, in every sequence.</param>
/// <param name="OpenType">Element type of the open chunk: that of the activations.</param>
/// <param name="SlotElements">Length of a slot, in elements of 4 bytes.</param>
public sealed record RecurrentLayer(
    DeviceBuffer States, int SlotCount, int Heads, int KeyValueHeads, int HeadDim, int ChunkTokens, DataType OpenType, long SlotElements)
{
    /// <summary>Elements of S: what lies before the open chunk.</summary>
    public long StateElements => (long)Heads * HeadDim * HeadDim;
}
