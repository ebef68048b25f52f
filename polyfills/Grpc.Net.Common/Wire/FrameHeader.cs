using System.Buffers;
using System.Buffers.Binary;

namespace Grpc.Net.Wire;

/// <summary>The five bytes before each message: a flag that says "compressed", and the length, big endian.</summary>
internal readonly record struct FrameHeader(bool Compressed, uint PayloadLength)
{
    public const int Size = 5;

    public void Write(IBufferWriter<byte> output)
    {
        Span<byte> span = output.GetSpan(Size);
        span[0] = Compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], PayloadLength);
        output.Advance(Size);
    }

    /// <summary>Needs at least <see cref="Size"/> bytes; throws for a flag other than 0 and 1.</summary>
    public static FrameHeader Read(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> span = stackalloc byte[Size];
        buffer.Slice(0, Size).CopyTo(span);
        return span[0] <= 1
            ? new FrameHeader(span[0] == 1, BinaryPrimitives.ReadUInt32BigEndian(span[1..]))
            : throw WireErrors.BadFlag(span[0]);
    }
}
