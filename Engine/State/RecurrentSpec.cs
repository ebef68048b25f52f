using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.State;

/// <summary>One linear-attention layer: one slot a sequence, whatever its length, with an f32 state [H, D, D] and the keys and values of the open chunk.</summary>
/// <param name="Heads">H.</param>
/// <param name="KeyValueHeads">G.</param>
/// <param name="HeadDim">D.</param>
/// <param name="ChunkTokens">C, at least 1: tokens after which the state moves on. 1: the recurrent form, without an open chunk.</param>
/// <param name="OpenType">Element type of the open chunk.</param>
public sealed record RecurrentSpec(int Heads, int KeyValueHeads, int HeadDim, int ChunkTokens = 1, DataType OpenType = DataType.Float32) : LayerStateSpec
{
    /// <summary>Elements of 4 bytes.</summary>
    public long SlotElements => (long)Heads * HeadDim * HeadDim + OpenBytes / sizeof(float);

    public override long UnitBytes => SlotElements * sizeof(float);

    /// <summary>Bytes of <see cref="LayerStateSpec.UnitBytes"/> that are the open chunk: C - 1 keys and as many values, in whole elements of 4 bytes.</summary>
    public long OpenBytes => (2L * (ChunkTokens - 1) * KeyValueHeads * HeadDim * OpenType.SizeInBytes() + sizeof(float) - 1) / sizeof(float) * sizeof(float);

    public override int UnitsFor(int tokens) => 1;
}
