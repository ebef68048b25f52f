namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// What the chunked form needs of one head: powers of its decay, the weights of a chunk's values, and the chunk's keys as they go into the state. Powers are products in
/// double, rounded once, and never quotients: γ^i / γ^j would lose everything where γ^j underflows.
/// </summary>
internal readonly unsafe struct ChunkTables(float* memory, int chunkTokens, int dim)
{
    private readonly float _scale = 1 / MathF.Sqrt(dim);

    /// <summary>[C]: γ^j, what is left of the state at place j.</summary>
    public float* Read => memory;

    /// <summary>[C]: γ^e / sqrt(D), the weight of a score e places back.</summary>
    public float* Distance => memory + chunkTokens;

    /// <summary>[C]: γ^(C - m) / sqrt(D), the weight of key m in the next state.</summary>
    public float* Keep => memory + 2 * chunkTokens;

    /// <summary>[C, C]: γ^(j - m) (q_j · k_m) / sqrt(D) at [j, m] for m ≤ j.</summary>
    public float* Weights => memory + 3 * chunkTokens;

    /// <summary>[C, D]: <see cref="Keep"/>[m] k_m.</summary>
    public float* KeptKeys => Weights + chunkTokens * chunkTokens;

    /// <summary>One element: γ^C.</summary>
    public float* Whole => KeptKeys + (long)chunkTokens * dim;

    public static long Floats(int chunkTokens, int dim) => 3L * chunkTokens + (long)chunkTokens * chunkTokens + (long)chunkTokens * dim + 1;

    /// <summary>All of it for a step that completes a chunk; for one that does not, what the first <paramref name="places"/> places read.</summary>
    public void Fill(float decay, int places)
    {
        double scale = _scale;
        var power = 1.0;
        for (var e = 0; e < places; e++)
        {
            Read[e] = (float)power;
            Distance[e] = (float)(power * scale);
            power *= decay;
            Keep[chunkTokens - 1 - e] = (float)(power * scale);
        }

        *Whole = (float)power;
    }
}
