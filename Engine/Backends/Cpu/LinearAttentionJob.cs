using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>One call of <see cref="LinearAttention"/>, as addresses.</summary>
internal unsafe struct LinearAttentionJob
{
    /// <summary>[T, H, D]</summary>
    public float* Queries;

    /// <summary>[T, G, D]</summary>
    public float* Keys;

    /// <summary>[T, G, D]</summary>
    public float* Values;

    /// <summary>[T, H, D]</summary>
    public float* Output;

    /// <summary>[SlotCount, H, D, D]</summary>
    public float* States;

    /// <summary>[H]</summary>
    public float* Decay;
    public int Heads;
    public int KeyValueHeads;
    public int HeadDim;
    public StepSegment* Segments;
    public int SegmentCount;

    /// <summary>Pieces into which the value dimensions are cut.</summary>
    public int Columns;
}
