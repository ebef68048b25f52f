using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace OrleansLM.Engine.Weights.PyTorch;

/// <summary>Reads the bytes of a pickle in order; knows where it is for the errors.</summary>
internal sealed class PickleReader(ReadOnlyMemory<byte> pickle, string source)
{
    private const int MaxNameBytes = 256;
    private int _position;

    public bool AtEnd => _position == pickle.Length;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public void Skip(int count) => Take(count);

    /// <summary>Two's complement, little-endian, 0 to 8 bytes after a byte with their number.</summary>
    public long Long()
    {
        var count = Byte();
        if (count > sizeof(long))
        {
            throw Error($"an int of {count} bytes; expected at most {sizeof(long)}");
        }

        var bytes = Take(count);
        var value = count > 0 && (sbyte)bytes[^1] < 0 ? -1L : 0L;
        for (var i = count - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        return value;
    }

    public string Text()
    {
        var count = UInt32();
        if (count > pickle.Length - _position)
        {
            throw Error($"a string of {count} bytes, but only {pickle.Length - _position} are left");
        }

        var bytes = Take((int)count);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Error("a string that is not UTF-8");
    }

    /// <summary>A name that ends with a line feed.</summary>
    public string Line()
    {
        var left = pickle.Span[_position..];
        var length = left[..Math.Min(left.Length, MaxNameBytes + 1)].IndexOf((byte)'\n');
        if (length < 0 || !Ascii.IsValid(left[..length]))
        {
            throw Error($"a name that is not an ASCII line of at most {MaxNameBytes} bytes");
        }

        _position += length + 1;
        return Encoding.ASCII.GetString(left[..length]);
    }

    /// <summary>The error at the place that was read last.</summary>
    public CheckpointException Error(string found) => new($"{source}: byte {_position}: {found}");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > pickle.Length - _position)
        {
            throw Error($"the pickle ends here; expected {count} more bytes");
        }

        _position += count;
        return pickle.Span.Slice(_position - count, count);
    }
}
