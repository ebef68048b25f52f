namespace OrleansLM.Engine.State;

/// <summary>The f32 state [H, D, D] of one linear-attention layer: one slot a sequence, whatever its length.</summary>
/// <param name="Heads">H.</param>
/// <param name="HeadDim">D.</param>
public sealed record RecurrentSpec(int Heads, int HeadDim) : LayerStateSpec
{
    public long SlotElements => (long)Heads * HeadDim * HeadDim;

    public override long UnitBytes => SlotElements * sizeof(float);

    public override int UnitsFor(int tokens) => 1;
}
