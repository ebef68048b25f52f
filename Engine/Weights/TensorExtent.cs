namespace OrleansLM.Engine.Weights;

/// <summary>Sizes of shapes that nobody has checked yet: null instead of an overflow.</summary>
internal static class TensorExtent
{
    /// <summary>Product of <paramref name="shape"/>; null when it exceeds <see cref="long.MaxValue"/>. Sizes must not be negative.</summary>
    public static long? ElementCount(IReadOnlyList<long> shape)
    {
        // A zero anywhere makes the tensor empty, whatever the other sizes are.
        if (shape.Contains(0))
        {
            return 0;
        }

        UInt128 count = 1;
        foreach (var size in shape)
        {
            count *= (ulong)size;
            if (count > long.MaxValue)
            {
                return null;
            }
        }

        return (long)count;
    }

    /// <summary>Null when the size exceeds <see cref="long.MaxValue"/> or is no whole number of bytes.</summary>
    public static long? SizeInBytes(IReadOnlyList<long> shape, StoredType type)
    {
        var bits = (UInt128)(ulong)(ElementCount(shape) ?? long.MaxValue) * (ulong)type.SizeInBits();
        return ElementCount(shape) is null || bits % 8 != 0 || bits / 8 > long.MaxValue ? null : (long)(bits / 8);
    }
}
