namespace OrleansLM.Engine.Tensors;

/// <summary>
/// e4m3 of "FP8 formats for deep learning" (Micikevicius et al., 2022): 4 exponent bits with bias 7, 3 fraction bits, no infinity, NaN in all bits but the sign's.
/// </summary>
public static class Float8Bits
{
    /// <summary>The largest value.</summary>
    public const float MaxValue = 448;

    private const byte NaN = 0x7F;
    private const float SmallestNormal = 1f / 64;
    private const int FractionBits = 3;
    private const int DroppedBits = 23 - FractionBits;

    /// <summary>Exact: every value is a float.</summary>
    public static float ToSingle(byte bits)
    {
        var rest = bits & NaN;
        // The bits in a float's places, then the difference of the exponents' biases.
        var value = rest == NaN ? float.NaN : BitConverter.Int32BitsToSingle(rest << DroppedBits) * MathF.ScaleB(1, 127 - 7);
        return (bits & 0x80) == 0 ? value : -value;
    }

    /// <summary>Rounds to nearest, ties to even; beyond <see cref="MaxValue"/> stays there; NaN stays NaN.</summary>
    public static byte FromSingle(float value)
    {
        var sign = (byte)(float.IsNegative(value) ? 0x80 : 0);
        var size = MathF.Min(MathF.Abs(value), MaxValue);
        if (float.IsNaN(size))
        {
            return (byte)(sign | NaN);
        }

        if (size < SmallestNormal)
        {
            return (byte)(sign | (int)MathF.Round(size * 512, MidpointRounding.ToEven));
        }

        var bits = BitConverter.SingleToInt32Bits(size);
        var rounded = bits + (1 << (DroppedBits - 1)) - 1 + ((bits >> DroppedBits) & 1);
        return (byte)(sign | ((rounded >> DroppedBits) - ((127 - 7) << FractionBits)));
    }
}
