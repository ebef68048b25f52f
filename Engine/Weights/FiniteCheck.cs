using System.Numerics;
using System.Runtime.InteropServices;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Weights;

/// <summary>Looks for NaN and infinity in a tensor, which would spoil every answer. Reads all of it.</summary>
public static class FiniteCheck
{
    // Elements per span: a span cannot hold a whole large tensor.
    private const int Chunk = 1 << 24;
    private const ushort BFloat16Exponent = 0x7F80;
    private const ushort Float16Exponent = 0x7C00;
    private const uint Float32Exponent = 0x7F800000;

    /// <summary>Elements that are NaN or infinite.</summary>
    public static unsafe long CountNonFinite(HostTensor tensor)
    {
        var count = (long)tensor.Rows * tensor.Columns;
        var size = tensor.Type.SizeInBytes();
        var found = 0L;
        for (var start = 0L; start < count; start += Chunk)
        {
            var bytes = new ReadOnlySpan<byte>(tensor.Data + start * size, (int)Math.Min(Chunk, count - start) * size);
            found += tensor.Type switch
            {
                DataType.Float32 => Count(MemoryMarshal.Cast<byte, uint>(bytes), Float32Exponent),
                DataType.BFloat16 => Count(MemoryMarshal.Cast<byte, ushort>(bytes), BFloat16Exponent),
                _ => Count(MemoryMarshal.Cast<byte, ushort>(bytes), Float16Exponent),
            };
        }

        return found;
    }

    /// <summary>A number is not finite exactly when all bits of its exponent are set.</summary>
    private static long Count<T>(ReadOnlySpan<T> bits, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        var mask = new Vector<T>(exponent);
        var vectors = MemoryMarshal.Cast<T, Vector<T>>(bits);
        var found = 0L;
        foreach (var vector in vectors)
        {
            if (Vector.EqualsAny(vector & mask, mask))
            {
                found += long.CreateTruncating(Vector.Sum(Vector.Equals(vector & mask, mask) & Vector<T>.One));
            }
        }

        foreach (var value in bits[(vectors.Length * Vector<T>.Count)..])
        {
            found += (value & exponent) == exponent ? 1 : 0;
        }

        return found;
    }
}
