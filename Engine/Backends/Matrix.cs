namespace OrleansLM.Engine.Backends;

/// <summary>
/// A row-major activation matrix <c>[Rows, Columns]</c> inside a <see cref="DeviceBuffer"/>: a view, checked against its buffer when it is made.
/// </summary>
public readonly struct Matrix
{
    public Matrix(DeviceBuffer buffer, int rows, int columns, long offset = 0)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        if (rows < 0 || columns < 1 || offset < 0 || offset + (long)rows * columns > buffer.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(rows), $"a [{rows}, {columns}] matrix at element {offset} does not lie in a buffer of {buffer.Length} elements");
        }

        Buffer = buffer;
        Rows = rows;
        Columns = columns;
        Offset = offset;
    }

    public DeviceBuffer Buffer { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Element of the buffer at which [0, 0] lies.</summary>
    public long Offset { get; }

    /// <summary>The first <paramref name="rows"/> rows.</summary>
    public Matrix Top(int rows) => new(Buffer, rows, Columns, Offset);
}
