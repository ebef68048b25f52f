using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>Sizes of an attention layer under test.</summary>
internal sealed record AttentionShape(int Heads, int KeyValueHeads, int HeadDim)
{
    public DataType Type { get; init; } = DataType.Float32;

    public int PageTokens { get; init; } = 64;

    public int Window { get; init; } = int.MaxValue;

    /// <summary>Pages before this one are not in the page tables.</summary>
    public int FirstPage { get; init; }

    /// <summary>Factor on the usual 1 / sqrt(D).</summary>
    public float Scale { get; init; } = 1;
}
