using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>One call of <see cref="StoreKeyValue"/>, as addresses.</summary>
internal unsafe struct StoreKeyValueJob
{
    /// <summary>[T, G, D]</summary>
    public float* Keys;
    public float* Values;

    /// <summary>[PageCount, G, PageTokens, D] of <see cref="Type"/>.</summary>
    public byte* KeyPages;
    public byte* ValuePages;
    public DataType Type;
    public int PageTokens;
    public int KeyValueHeads;
    public int HeadDim;
    public StepSegment* Segments;
    public int SegmentCount;
    public int* PageIds;
    public int ItemsPerSegment;
}
