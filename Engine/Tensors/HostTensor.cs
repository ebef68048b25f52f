namespace OrleansLM.Engine.Tensors;

/// <summary>
/// A read-only, row-major tensor of rank 1 or 2 in host memory that somebody else owns (usually a mapped weight file): <c>[Rows, Columns]</c>.
/// A vector has one row. The address has the alignment of the element type only.
/// </summary>
public readonly unsafe struct HostTensor(byte* data, DataType type, int rows, int columns, IFileBytes? file = null, long fileOffset = 0)
{
    /// <summary>Address of element [0, 0]; valid as long as the checkpoint that handed it out is open.</summary>
    public readonly byte* Data = data;

    public DataType Type { get; } = type;

    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public long SizeInBytes => (long)Rows * Columns * Type.SizeInBytes();

    /// <summary>Copies bytes [<paramref name="start"/>, start + length). Of a mapped file they are read, not touched: that makes no page of the mapping present, which is what takes the time.</summary>
    public void CopyTo(long start, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + destination.Length, SizeInBytes);
        if (file is not null)
        {
            file.Read(fileOffset + start, destination);
            return;
        }

        new ReadOnlySpan<byte>(Data + start, destination.Length).CopyTo(destination);
    }

    /// <summary>Rows [<paramref name="start"/>, <paramref name="start"/> + <paramref name="count"/>) of this tensor, without a copy.</summary>
    public HostTensor SliceRows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Rows);
        var offset = (long)start * Columns * Type.SizeInBytes();
        return new HostTensor(Data + offset, Type, count, Columns, file, fileOffset + offset);
    }
}
