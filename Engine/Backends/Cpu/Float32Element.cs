using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

internal readonly unsafe struct Float32Element : IElement
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* source) => Vector256.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadScalar(byte* source) => Unsafe.ReadUnaligned<float>(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, byte* destination) => value.Store((float*)destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScalar(float value, byte* destination) => Unsafe.WriteUnaligned(destination, value);
}
