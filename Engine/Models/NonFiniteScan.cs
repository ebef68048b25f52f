using System.Numerics;
using System.Runtime.InteropServices;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Models;

/// <summary>Looks for NaN and infinity in a weight, whole vectors at a time: an element is not finite exactly when all bits of its exponent are set.</summary>
internal static unsafe class NonFiniteScan
{
    /// <exception cref="CheckpointException">Names the weight, the place of the first such value and the value.</exception>
    public static void Require(WeightId id, HostTensor tensor)
    {
        for (var row = 0; row < tensor.Rows; row++)
        {
            var slice = tensor.SliceRows(row, 1);
            var column = slice.Type switch
            {
                DataType.Float32 => First(new ReadOnlySpan<byte>(slice.Data, (int)slice.SizeInBytes), 0x7F80_0000u),
                DataType.BFloat16 => First(new ReadOnlySpan<byte>(slice.Data, (int)slice.SizeInBytes), (ushort)0x7F80),
                _ => First(new ReadOnlySpan<byte>(slice.Data, (int)slice.SizeInBytes), (ushort)0x7C00),
            };
            if (column >= 0)
            {
                throw new CheckpointException($"weight {id}: element [{row}, {column}] is {Value(slice, column)}; expected a finite number");
            }
        }
    }

    /// <summary>Index of the first element with all bits of <paramref name="exponent"/> set, or -1.</summary>
    private static int First<T>(ReadOnlySpan<byte> bytes, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        var elements = MemoryMarshal.Cast<byte, T>(bytes);
        var mask = new Vector<T>(exponent);
        var i = 0;
        while (i <= elements.Length - Vector<T>.Count && !Vector.EqualsAny(new Vector<T>(elements[i..]) & mask, mask))
        {
            i += Vector<T>.Count;
        }

        while (i < elements.Length && (elements[i] & exponent) != exponent)
        {
            i++;
        }

        return i < elements.Length ? i : -1;
    }

    private static float Value(HostTensor row, int column) => row.Type == DataType.Float32
        ? ((float*)row.Data)[column]
        : Float16Bits.ToSingle(((ushort*)row.Data)[column], row.Type);
}
