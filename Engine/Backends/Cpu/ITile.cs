namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// The innermost piece of a product of many tokens: some rows of a panel of weights times <see cref="GroupTokens"/> tokens, all accumulators in registers. One
/// struct for each width of vectors, so that the loops around it are compiled once for each; the bits are the same.
/// </summary>
internal unsafe interface ITile
{
    /// <summary>Tokens whose inputs lie interleaved: [K / 8, 4, 8].</summary>
    const int GroupTokens = 4;

    /// <summary>Floats of the accumulators of one row and a group of tokens: [4, 8].</summary>
    const int RowSums = GroupTokens * Lanes.Count;

    /// <summary>A call fetches a cache line from each of two places into the second-level cache for so many elements of k: bursts would hold up its own loads.</summary>
    const int FetchLength = 32;
    const int FetchBytes = 64;

    /// <summary>Rows that lie interleaved in a panel: [K / 8, Rows, 8].</summary>
    static abstract int Rows { get; }

    /// <param name="panel">[length / 8, Rows, 8]</param>
    /// <param name="x">[length / 8, 4, 8]</param>
    /// <param name="length">Elements of k, a multiple of 8.</param>
    /// <param name="tokens">1 to 4: how many of the group matter; the others' accumulators may be left alone.</param>
    /// <param name="from">Accumulators [Rows, 4, 8] so far.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="fetch">Memory that is needed next; any address will do.</param>
    /// <param name="also">The other place.</param>
    static abstract void Run(float* panel, float* x, long length, int tokens, float* from, float* to, byte* fetch, byte* also);
}
