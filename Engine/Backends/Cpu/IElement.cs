using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>How an element type is read as f32, exactly, and written back; one struct a type, so that kernels are compiled once for each.</summary>
internal unsafe interface IElement
{
    static abstract int Size { get; }

    /// <summary>Elements 0…7 at <paramref name="source"/>, which may have any alignment.</summary>
    static abstract Vector256<float> Load(byte* source);

    static abstract float LoadScalar(byte* source);

    /// <summary>Rounds to nearest, ties to even.</summary>
    static abstract void Store(Vector256<float> value, byte* destination);

    static abstract void StoreScalar(float value, byte* destination);
}
