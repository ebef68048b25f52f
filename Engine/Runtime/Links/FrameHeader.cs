using System.Buffers.Binary;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>
/// The 24 bytes in front of a payload, little-endian: magic (4), payload bytes (4), kind (2), zero (2), step id (8), checksum of the 20 bytes before (4).
/// After the payload come 4 bytes with its <see cref="Checksum"/>.
/// </summary>
/// <param name="Kind">What the payload is.</param>
/// <param name="Step">Step id, or the number that the kind speaks of.</param>
/// <param name="Length">Bytes of the payload.</param>
public readonly record struct FrameHeader(FrameKind Kind, long Step, int Length)
{
    public const int Bytes = 24;

    public const int TrailerBytes = 4;

    private const uint Magic = 0x4B4E4C4F;

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], (ushort)Kind);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(destination[12..], Step);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], Checksum.Of(destination[..20]));
    }

    /// <exception cref="InvalidDataException">The bytes are no header.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> source)
    {
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (magic != Magic)
        {
            throw new InvalidDataException($"the frame begins with 0x{magic:X8}; expected 0x{Magic:X8}: the other side is no stage, or the connection is out of step");
        }

        var (found, expected) = (BinaryPrimitives.ReadUInt32LittleEndian(source[20..]), Checksum.Of(source[..20]));
        if (found != expected)
        {
            throw new InvalidDataException($"the frame's header has the checksum 0x{found:X8}; expected 0x{expected:X8}");
        }

        return new FrameHeader(
            (FrameKind)BinaryPrimitives.ReadUInt16LittleEndian(source[8..]), BinaryPrimitives.ReadInt64LittleEndian(source[12..]), BinaryPrimitives.ReadInt32LittleEndian(source[4..]));
    }
}
