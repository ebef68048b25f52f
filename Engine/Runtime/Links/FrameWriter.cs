using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>
/// A frame that is being put together, with room for header and checksum around the payload, so that it leaves without another copy. Kept and filled again;
/// grows to the largest frame.
/// </summary>
public sealed class FrameWriter
{
    private byte[] _buffer;

    public FrameWriter(int capacity = 4096)
    {
        _buffer = new byte[FrameHeader.Bytes + capacity + FrameHeader.TrailerBytes];
    }

    /// <summary>Bytes of the payload so far.</summary>
    public int Length { get; private set; }

    public ReadOnlySpan<byte> Payload => _buffer.AsSpan(FrameHeader.Bytes, Length);

    /// <summary>Begins anew.</summary>
    public FrameWriter Clear()
    {
        Length = 0;
        return this;
    }

    /// <summary>The next <paramref name="bytes"/> of the payload, for the caller to fill.</summary>
    public Span<byte> Take(int bytes)
    {
        var needed = FrameHeader.Bytes + Length + bytes + FrameHeader.TrailerBytes;
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(needed, (int)Math.Min(Array.MaxLength, 2L * _buffer.Length)));
        }

        var span = _buffer.AsSpan(FrameHeader.Bytes + Length, bytes);
        Length += bytes;
        return span;
    }

    public void Write(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    public void Write(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged => Write(MemoryMarshal.AsBytes(values));

    /// <summary>Replaces what was written at <paramref name="at"/>.</summary>
    public void Rewrite<T>(int at, ReadOnlySpan<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes(values).CopyTo(_buffer.AsSpan(FrameHeader.Bytes + at, Length - at));

    public void Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    /// <summary>Header, payload and room for the checksum.</summary>
    internal Span<byte> Sealed(FrameKind kind, long step)
    {
        new FrameHeader(kind, step, Length).Write(_buffer);
        return _buffer.AsSpan(0, FrameHeader.Bytes + Length + FrameHeader.TrailerBytes);
    }
}
