using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>A <see cref="Projection"/> with its addresses, and its share of the work items.</summary>
internal unsafe struct Product
{
    public byte* Weights;
    public DataType Type;

    /// <summary>N.</summary>
    public int Rows;

    /// <summary>[T, N]</summary>
    public float* Output;

    public bool Accumulate;

    /// <summary>Number of the first item of this product.</summary>
    public int FirstItem;

    /// <summary>Streamed: items of full length, before the short ones.</summary>
    public int LongItems;
}
