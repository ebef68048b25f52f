namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>One call of <see cref="MatMul"/>, as addresses, and how it is cut into items.</summary>
internal unsafe struct MatMulJob
{
    /// <summary>[T, K]</summary>
    public float* X;
    public int Tokens;
    public int K;
    public Product* Products;
    public int ProductCount;

    // Streamed: rows of an item, and of the last ones.
    public int ItemRows;
    public int LastRows;

    // Blocked.

    /// <summary>[T / 4, PaddedK / 8, 4, 8]</summary>
    public float* Packed;
    public int PaddedK;

    /// <summary>Memory of thread i at i · <see cref="ThreadStride"/>.</summary>
    public float* Threads;
    public long ThreadStride;
    public int TokenBlocks;
    public int BlockGroups;
    public int Items;
    public int NextItem;

    /// <summary>The number of an item that nobody else gets; <see cref="Items"/> or more: there is none.</summary>
    public int Take() => Interlocked.Increment(ref NextItem) - 1;

    /// <summary>The packed inputs of a group of tokens, from element k on.</summary>
    public readonly float* Inputs(int group, int k) => Packed + ((long)group * PaddedK + k) * ITile.GroupTokens;

    /// <summary>The product of an item; <paramref name="item"/> is counted from that product's first afterwards.</summary>
    public readonly Product* Find(ref int item)
    {
        var p = ProductCount - 1;
        while (Products[p].FirstItem > item)
        {
            p--;
        }

        item -= Products[p].FirstItem;
        return Products + p;
    }
}
