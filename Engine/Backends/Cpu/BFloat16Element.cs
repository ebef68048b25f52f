using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>bf16 is the upper half of an f32, so reading is a shift; one byte shuffle widens and shifts at once.</summary>
internal readonly unsafe struct BFloat16Element : IElement
{
    /// <summary>Puts the 2 bytes of elements 0…3, in the upper lane 4…7, behind 2 zero bytes each.</summary>
    private static ReadOnlySpan<byte> Spread =>
    [
        0x80, 0x80, 0, 1, 0x80, 0x80, 2, 3, 0x80, 0x80, 4, 5, 0x80, 0x80, 6, 7,
        0x80, 0x80, 8, 9, 0x80, 0x80, 10, 11, 0x80, 0x80, 12, 13, 0x80, 0x80, 14, 15,
    ];

    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* source)
    {
        if (Avx2.IsSupported)
        {
            // The pattern is loaded at each use on purpose: as an operand in memory it takes no register, and the kernels have none left.
            var spread = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(Spread));
            return Avx2.Shuffle(Avx2.BroadcastVector128ToVector256(source), spread).AsSingle();
        }

        return (Lanes.Widen((ushort*)source) << 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadScalar(byte* source) => BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(source) << 16);

    public static void Store(Vector256<float> value, byte* destination)
    {
        var bits = value.AsUInt32();
        var rounded = (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256<uint>.One)) >> 16;
        // A NaN must stay one: rounding could carry its payload into the exponent's end.
        var nan = (bits >> 16) | Vector256.Create(0x40u);
        rounded = Vector256.ConditionalSelect(Vector256.Equals(value, value).AsUInt32(), rounded, nan);
        Vector128.Narrow(rounded.GetLower(), rounded.GetUpper()).Store((ushort*)destination);
    }

    public static void StoreScalar(float value, byte* destination)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        var rounded = float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        Unsafe.WriteUnaligned(destination, (ushort)rounded);
    }
}
