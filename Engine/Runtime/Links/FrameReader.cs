using System.Buffers.Binary;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>
/// Frames from a stream: small ones share a read, large ones are read straight to where they belong, piece by piece, each piece summed while it is in the cache.
/// </summary>
internal sealed class FrameReader(Stream stream)
{
    /// <summary>A multiple of the checksum's block; about what a second-level cache holds.</summary>
    public const int PieceBytes = 256 * 1024;

    private readonly byte[] _ahead = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Called after every read that brought something.</summary>
    public Action? Heard { get; set; }

    /// <exception cref="EndOfStreamException">The other side closed the connection.</exception>
    /// <exception cref="InvalidDataException">What came is no frame.</exception>
    public FrameHeader ReadHeader()
    {
        Buffer(FrameHeader.Bytes);
        var header = FrameHeader.Read(_ahead.AsSpan(_start));
        _start += FrameHeader.Bytes;
        return header;
    }

    /// <summary>Reads the payload of a header and holds it to its checksum.</summary>
    /// <exception cref="EndOfStreamException">The other side closed the connection.</exception>
    /// <exception cref="InvalidDataException">The checksum is another.</exception>
    public void ReadPayload(FrameHeader header, Span<byte> payload)
    {
        var checksum = default(Checksum);
        for (var rest = payload; rest.Length > 0;)
        {
            var piece = rest[..Math.Min(PieceBytes, rest.Length)];
            ReadExactly(piece);
            checksum.Append(piece);
            rest = rest[piece.Length..];
        }

        Buffer(FrameHeader.TrailerBytes);
        var found = BinaryPrimitives.ReadUInt32LittleEndian(_ahead.AsSpan(_start));
        _start += FrameHeader.TrailerBytes;
        if (found != checksum.Value)
        {
            throw new InvalidDataException($"the {header.Length} bytes of a {header.Kind} frame have the checksum 0x{checksum.Value:X8}; the sender says 0x{found:X8}");
        }
    }

    private void ReadExactly(Span<byte> destination)
    {
        var ahead = Math.Min(destination.Length, _end - _start);
        _ahead.AsSpan(_start, ahead).CopyTo(destination);
        _start += ahead;
        destination = destination[ahead..];
        while (destination.Length >= _ahead.Length / 4)
        {
            destination = destination[Some(destination)..];
        }

        if (destination.Length > 0)
        {
            Buffer(destination.Length);
            _ahead.AsSpan(_start, destination.Length).CopyTo(destination);
            _start += destination.Length;
        }
    }

    /// <summary>Makes at least <paramref name="bytes"/> lie in the buffer.</summary>
    private void Buffer(int bytes)
    {
        if (_end - _start >= bytes)
        {
            return;
        }

        _ahead.AsSpan(_start, _end - _start).CopyTo(_ahead);
        (_start, _end) = (0, _end - _start);
        while (_end < bytes)
        {
            _end += Some(_ahead.AsSpan(_end));
        }
    }

    private int Some(Span<byte> destination)
    {
        var count = stream.Read(destination);
        if (count == 0)
        {
            throw new EndOfStreamException("the other side closed the connection");
        }

        Heard?.Invoke();
        return count;
    }
}
