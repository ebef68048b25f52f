namespace OrleansLM.Engine.Tests.Runtime;

/// <summary>A model whose logits are a hash of the tokens that a row sees: any wrong, missing or stale cell of its state shows in the ids.</summary>
internal static class HashModel
{
    /// <summary>Lower ids have a meaning for the tests and are never generated.</summary>
    private const int FirstGenerated = 20;

    private const ulong Start = 0x9E3779B97F4A7C15;

    public static ulong Fold(ulong hash, int token) => Mix(hash ^ (ulong)(token + 1));

    public static ulong HashOf(ReadOnlySpan<int> tokens, int? window)
    {
        var hash = Start;
        foreach (var token in window is { } w && tokens.Length > w ? tokens[^w..] : tokens)
        {
            hash = Fold(hash, token);
        }

        return hash;
    }

    /// <summary>Hash before the first token.</summary>
    public static ulong Empty => Start;

    public static void Logits(ulong hash, Span<float> logits)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = i < FirstGenerated ? -100f : (Mix(hash + (ulong)i) >> 40) * (16f / (1 << 24)) - 8f;
        }
    }

    private static ulong Mix(ulong x)
    {
        x ^= x >> 30;
        x *= 0xBF58476D1CE4E5B9;
        x ^= x >> 27;
        x *= 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
