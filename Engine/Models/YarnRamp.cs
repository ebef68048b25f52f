namespace OrleansLM.Engine.Models;

/// <summary>
/// The ramp of YaRN over dimension pairs (spec §1.1): pairs up to <see cref="Low"/> keep their frequency, pairs from <see cref="High"/> on are divided
/// by the factor, those between are blended linearly over the pair's index. In float64; pairs are numbered [0, D / 2).
/// </summary>
/// <param name="RawLow">The pair that makes beta_fast turns over the original length, before rounding and clamping.</param>
/// <param name="RawHigh">The pair that makes beta_slow turns.</param>
/// <param name="Low">Start of the ramp, at least 0; whole when the profile truncates.</param>
/// <param name="High">End of the ramp, at most D - 1 (not D / 2 - 1) and always above <paramref name="Low"/> or below it by a whole step, never equal.</param>
/// <param name="AttentionFactor">mscale: what cos and sin are multiplied with.</param>
public readonly record struct YarnRamp(double RawLow, double RawHigh, double Low, double High, double AttentionFactor)
{
    /// <exception cref="ArgumentException"><paramref name="rope"/> is not scaled by YaRN.</exception>
    public static YarnRamp Of(RopeConfig rope, int headDim)
    {
        var profile = rope.Yarn ?? throw new ArgumentException($"expected YaRN scaling, found {rope.Scaling}", nameof(rope));
        var rawLow = PairWithTurns(profile.BetaFast, rope, headDim);
        var rawHigh = PairWithTurns(profile.BetaSlow, rope, headDim);
        var low = Math.Max(profile.Truncate ? Math.Floor(rawLow) : rawLow, 0);
        var high = Math.Min(profile.Truncate ? Math.Ceiling(rawHigh) : rawHigh, headDim - 1);
        return new YarnRamp(rawLow, rawHigh, low, low == high ? high + 0.001 : high, profile.AttentionFactor);
    }

    /// <summary>0 for a pair that keeps its frequency, 1 for one that is divided by the factor.</summary>
    public double Interpolation(int pair) => Math.Clamp((pair - Low) / (High - Low), 0, 1);

    private static double PairWithTurns(double turns, RopeConfig rope, int headDim) =>
        headDim * Math.Log(rope.OriginalContextLength / (2 * Math.PI * turns)) / (2 * Math.Log(rope.Theta));
}
