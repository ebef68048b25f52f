using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.State;

/// <summary>Keys and values of one attention layer, in pages.</summary>
/// <param name="KeyValueHeads">G.</param>
/// <param name="HeadDim">D.</param>
/// <param name="PageTokens">P: tokens per page.</param>
/// <param name="Type">Element type.</param>
public sealed record PagedSpec(int KeyValueHeads, int HeadDim, int PageTokens, DataType Type) : LayerStateSpec
{
    /// <summary>Bytes of one token's key and value in one layer.</summary>
    public long TokenBytes => 2L * KeyValueHeads * HeadDim * Type.SizeInBytes();

    public override long UnitBytes => TokenBytes * PageTokens;

    /// <summary>Elements of one page's keys; its values have as many.</summary>
    public long PageElements => (long)KeyValueHeads * PageTokens * HeadDim;

    public override int UnitsFor(int tokens) => (int)(((long)tokens + PageTokens - 1) / PageTokens);
}
