namespace OrleansLM.Engine.Tensors;

/// <summary>Bit patterns of the two 16-bit formats, one element at a time; the vector forms live with the kernels that need them.</summary>
public static class Float16Bits
{
    /// <summary>Exact: every bf16 and fp16 value is a float.</summary>
    public static float ToSingle(ushort bits, DataType type) => type == DataType.BFloat16
        ? BitConverter.UInt32BitsToSingle((uint)bits << 16)
        : (float)BitConverter.UInt16BitsToHalf(bits);

    /// <summary>Rounds to nearest, ties to even; NaN stays a (quiet) NaN.</summary>
    public static ushort FromSingle(float value, DataType type) => type == DataType.BFloat16
        ? ToBFloat16(value)
        : BitConverter.HalfToUInt16Bits((Half)value);

    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits >> 16) | 0x40)
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
