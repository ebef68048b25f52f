using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Models;

/// <summary>
/// Builds the <see cref="RopeTable"/> of a model. The arithmetic is f32 in the order that transformers uses, so that angles at long positions agree
/// with it (spec §1.6): a frequency that differs in its last bit turns a fast dimension by 0.02 rad at position 131071.
/// </summary>
public static class RopeTables
{
    /// <summary>Positions with frequencies of their own under dynamic NTK; later ones share the last. Bounds the table whatever a config says.</summary>
    private const int MaxStretchedPositions = 1 << 20;

    /// <param name="config">Base, scaling and constants.</param>
    /// <param name="headDim">D; even.</param>
    /// <param name="contextLength">Longest sequence: dynamic NTK has frequencies of its own for each position up to there.</param>
    public static RopeTable Build(RopeConfig config, int headDim, int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(headDim % 2, 0);
        var table = config.Scaling switch
        {
            RopeScaling.None => new RopeTable(Unscaled(config.Theta, headDim), 1f),
            RopeScaling.Linear => new RopeTable(Interpolated(config, headDim), 1f),
            RopeScaling.DynamicNtk => DynamicNtk(config, headDim, contextLength),
            RopeScaling.Yarn => Yarn(config, headDim),
            _ => throw new ArgumentOutOfRangeException(nameof(config), config.Scaling, "expected None, Linear, DynamicNtk or Yarn"),
        };
        return config.RoundFrequenciesToBFloat16 ? Rounded(table) : table;
    }

    /// <summary>theta_i = b^(-2i/D), computed as 1 / b^(2i/D).</summary>
    private static float[] Unscaled(double theta, int headDim)
    {
        var frequencies = new float[headDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = 1f / Power(theta, i, headDim);
        }

        return frequencies;
    }

    /// <summary>b^(2i/D) rounded to f32: what a correctly rounded powf gives.</summary>
    private static float Power(double theta, int i, int headDim) => (float)Math.Pow((float)theta, 2f * i / headDim);

    private static float[] Interpolated(RopeConfig config, int headDim)
    {
        var frequencies = Unscaled(config.Theta, headDim);
        for (var i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] /= (float)config.Factor;
        }

        return frequencies;
    }

    /// <summary>
    /// Dynamic NTK. transformers recomputes the base from the length of the sequence so far, and keeps keys in its cache as they were rotated when they
    /// came. Here the rule is the one that its token-by-token decoding follows: position p is rotated with the base for a sequence of p + 1
    /// tokens (the original length at least), and cached keys keep their rotation. So the table depends on the position alone, whatever the chunks are
    /// (promise 2). The price, which that cached decoding pays too: beyond the original length a query and a much older key were rotated with
    /// different bases. A single uncached forward pass of transformers over a longer prompt rotates all of it with the last base and so differs there.
    /// </summary>
    private static RopeTable DynamicNtk(RopeConfig config, int headDim, int contextLength)
    {
        var original = config.OriginalContextLength;
        ArgumentOutOfRangeException.ThrowIfLessThan(original, 1);
        var longest = (int)Math.Min(Math.Max(contextLength, config.Factor * original), original + (double)MaxStretchedPositions);
        var stretched = new float[Math.Max(0, longest - original) * (headDim / 2)];
        for (var length = original + 1; length <= longest; length++)
        {
            var growth = config.Factor * length / original - (config.Factor - 1);
            var theta = config.Theta * Math.Pow(growth, headDim / (headDim - 2.0));
            Unscaled(theta, headDim).CopyTo(stretched, (length - 1 - original) * (headDim / 2));
        }

        var table = new RopeTable(Unscaled(config.Theta, headDim), 1f);
        return stretched.Length == 0 ? table : table with { StretchStart = original, StretchedFrequencies = stretched };
    }

    /// <summary>Static YaRN (spec §1.1): fast dimensions keep their frequency, slow ones are divided by s, a ramp over the index lies between.</summary>
    private static RopeTable Yarn(RopeConfig config, int headDim)
    {
        var ramp = YarnRamp.Of(config, headDim);
        var frequencies = new float[headDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var power = Power(config.Theta, i, headDim);
            var mask = 1f - Math.Clamp((i - (float)ramp.Low) / (float)(ramp.High - ramp.Low), 0f, 1f);
            frequencies[i] = 1f / ((float)config.Factor * power) * (1f - mask) + 1f / power * mask;
        }

        return new RopeTable(frequencies, (float)ramp.AttentionFactor);
    }

    private static RopeTable Rounded(RopeTable table)
        => table with { InverseFrequencies = Rounded(table.InverseFrequencies), StretchedFrequencies = Rounded(table.StretchedFrequencies) };

    private static float[] Rounded(float[] values)
        => Array.ConvertAll(values, value => Float16Bits.ToSingle(Float16Bits.FromSingle(value, DataType.BFloat16), DataType.BFloat16));
}
