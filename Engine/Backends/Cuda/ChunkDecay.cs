namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>The powers of each head's decay that linear attention in chunks of C tokens takes: products in double, rounded once.</summary>
internal static class ChunkDecay
{
    /// <summary>[H, 3C + 1]: γ^j, γ^e / sqrt(D) and γ^(C-m) / sqrt(D), C of each, and γ^C.</summary>
    public static float[] Build(ReadOnlySpan<float> decay, int chunkTokens, int headDim)
    {
        var width = 3 * chunkTokens + 1;
        var tables = new float[decay.Length * width];
        for (var head = 0; head < decay.Length; head++)
        {
            Fill(tables.AsSpan(head * width, width), decay[head], chunkTokens, 1 / Math.Sqrt(headDim));
        }

        return tables;
    }

    private static void Fill(Span<float> table, double decay, int chunkTokens, double scale)
    {
        var power = 1.0;
        for (var e = 0; e < chunkTokens; e++)
        {
            table[e] = (float)power;
            table[chunkTokens + e] = (float)(power * scale);
            power *= decay;
            table[3 * chunkTokens - 1 - e] = (float)(power * scale);
        }

        table[3 * chunkTokens] = (float)power;
    }
}
