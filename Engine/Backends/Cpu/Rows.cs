using System.Runtime.CompilerServices;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Rows between an element type, chosen at run time, and f32.</summary>
internal static unsafe class Rows
{
    /// <summary>Reads exactly <paramref name="count"/> elements and writes as many floats.</summary>
    public static void Convert(DataType type, byte* source, float* destination, int count)
    {
        switch (type)
        {
            case DataType.BFloat16: Convert<BFloat16Element>(source, destination, count); break;
            case DataType.Float16: Convert<Float16Element>(source, destination, count); break;
            default: Buffer.MemoryCopy(source, destination, count * 4L, count * 4L); break;
        }
    }

    /// <summary>Writes <paramref name="count"/> elements, rounded to nearest even.</summary>
    public static void Store(DataType type, float* source, byte* destination, int count)
    {
        switch (type)
        {
            case DataType.BFloat16: Lanes.Store<BFloat16Element>(source, destination, count); break;
            case DataType.Float16: Lanes.Store<Float16Element>(source, destination, count); break;
            default: Buffer.MemoryCopy(source, destination, count * 4L, count * 4L); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convert<TElement>(byte* source, float* destination, int count)
        where TElement : IElement
    {
        var full = count & -Lanes.Count;
        Lanes.Convert<TElement>(source, destination, full);
        for (var k = full; k < count; k++)
        {
            destination[k] = TElement.LoadScalar(source + (long)k * TElement.Size);
        }
    }
}
