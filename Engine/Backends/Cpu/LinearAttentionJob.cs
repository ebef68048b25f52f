using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>One call of <see cref="RecurrentLinearAttention"/> or <see cref="ChunkedLinearAttention"/>, as addresses.</summary>
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

    /// <summary>[SlotCount, SlotElements]: S [H, D, D], then the open chunk's keys and values [C - 1, G, D].</summary>
    public float* States;
    public long SlotElements;

    /// <summary>[H]</summary>
    public float* Decay;
    public int Heads;
    public int KeyValueHeads;
    public int HeadDim;

    /// <summary>C</summary>
    public int ChunkTokens;
    public StepSegment* Segments;
    public int SegmentCount;

    /// <summary>Pieces into which the value dimensions are cut.</summary>
    public int Columns;

    /// <summary>Value dimensions of a piece; the last one may have fewer.</summary>
    public int ColumnWidth;

    /// <summary>Chunked form: a block for each thread.</summary>
    public float* Scratch;
    public long ScratchStride;
}
