namespace OrleansLM.Engine.Tensors;

/// <summary>
/// A read-only, row-major tensor of rank 1 or 2 in host memory that somebody else owns (usually a mapped weight file): <c>[Rows, Columns]</c>.
/// A vector has one row. The address has the alignment of the element type only.
/// </summary>
public readonly unsafe struct HostTensor(byte* data, DataType type, int rows, int columns)
{
    /// <summary>Address of element [0, 0]; valid as long as the checkpoint that handed it out is open.</summary>
    public readonly byte* Data = data;

    public DataType Type { get; } = type;

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public long SizeInBytes => (long)Rows * Columns * Type.SizeInBytes();

    /// <summary>Rows [<paramref name="start"/>, <paramref name="start"/> + <paramref name="count"/>) of this tensor, without a copy.</summary>
    public HostTensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Rows);
        return new HostTensor(Data + (long)start * Columns * Type.SizeInBytes(), Type, count, Columns);
    }
}
