namespace OrleansLM.Engine.Sampling;

/// <summary>
/// Random numbers that are a function of seed and position, so that a token does not depend on when or where it is drawn. Philox4x32-10 of
/// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011): the seed is the key, the position the counter.
/// </summary>
public static class CounterRandom
{
    private const int Rounds = 10;
    private const uint MultiplierA = 0xD2511F53;
    private const uint MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9;
    private const uint WeylB = 0xBB67AE85;

    /// <summary>A multiple of 2^-53 in [0, 1).</summary>
    /// <param name="seed">Of the turn.</param>
    /// <param name="position">Absolute position of the token in its sequence.</param>
    public static double Uniform(ulong seed, long position)
    {
        var (a, b, _, _) = Block(((uint)position, (uint)(position >> 32), 0, 0), ((uint)seed, (uint)(seed >> 32)));
        return ((((ulong)b << 32) | a) >> 11) * (1.0 / (1UL << 53));
    }

    internal static (uint A, uint B, uint C, uint D) Block((uint A, uint B, uint C, uint D) counter, (uint A, uint B) key)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var first = (ulong)MultiplierA * counter.A;
            var second = (ulong)MultiplierB * counter.C;
            counter = ((uint)(second >> 32) ^ counter.B ^ key.A, (uint)second, (uint)(first >> 32) ^ counter.D ^ key.B, (uint)first);
            key = (key.A + WeylA, key.B + WeylB);
        }

        return counter;
    }
}
