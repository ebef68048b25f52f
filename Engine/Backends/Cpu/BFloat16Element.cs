using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>bf16 is the upper half of an f32, so reading is a shift.</summary>
internal readonly unsafe struct BFloat16Element : IElement
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* source) => Avx2.IsSupported
        ? Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32((ushort*)source), 16).AsSingle()
        : (Lanes.Widen((ushort*)source) << 16).AsSingle();

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
