using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>IEEE half. .NET has no F16C intrinsics, so reading moves the bits and corrects the exponent by one exact product.</summary>
internal readonly unsafe struct Float16Element : IElement
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* source)
    {
        var half = Lanes.Widen((ushort*)source);
        var sign = (half & Vector256.Create(0x8000u)) << 16;
        var magnitude = (half & Vector256.Create(0x7FFFu)) << 13;
        // 2^112: the difference of the exponents' biases; halves below the normal range come out exact too.
        var value = (magnitude.AsSingle() * Vector256.Create(0x7780_0000u).AsSingle()).AsUInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00u << 13)) & Vector256.Create(0x7F80_0000u);
        return (value | special | sign).AsSingle();
    }

    public static float LoadScalar(byte* source) => (float)Unsafe.ReadUnaligned<Half>(source);

    public static void Store(Vector256<float> value, byte* destination)
    {
        for (var lane = 0; lane < Lanes.Count; lane++)
        {
            StoreScalar(value[lane], destination + lane * Size);
        }
    }

    public static void StoreScalar(float value, byte* destination) => Unsafe.WriteUnaligned(destination, (Half)value);
}
