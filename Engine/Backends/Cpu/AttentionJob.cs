using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>One call of the attention operator, as addresses.</summary>
internal unsafe struct AttentionJob
{
    /// <summary>[T, H, D]</summary>
    public float* Queries;

    /// <summary>[T, H, D]</summary>
    public float* Output;

    /// <summary>[PageCount, G, PageTokens, D] of <see cref="Type"/>.</summary>
    public byte* Keys;
    public byte* Values;
    public DataType Type;
    public int PageTokens;
    public int Heads;
    public int KeyValueHeads;
    public int HeadDim;
    public float Scale;
    public int Window;
    public StepSegment* Segments;
    public int SegmentCount;
    public int* PageIds;

    // Worked out by Attention.Run.

    /// <summary>H / G.</summary>
    public int Group;

    /// <summary>D rounded up to a multiple of 8.</summary>
    public int PaddedDim;
    public int TileRows;

    /// <summary>Blocks of an item of a segment that is cut along the keys.</summary>
    public int ItemBlocks;
    public AttentionItem* Items;
    public float* Partials;
    public long PartialFloats;
    public float* Threads;
    public long ThreadStride;
}
