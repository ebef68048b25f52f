using System.Buffers.Binary;
using System.Numerics;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Log;

/// <summary>
/// Token ids as bytes: CRC-32C of the rest (4 bytes, little endian), then each id as a base-128 varint, low bits first. Most vocabularies need 2 or 3
/// bytes an id.
/// </summary>
public static class TokenBlob
{
    private const int ChecksumBytes = 4;

    public static byte[] Encode(ReadOnlySpan<int> ids)
    {
        var bytes = new byte[ChecksumBytes + (ids.Length * 5)];
        var at = ChecksumBytes;
        foreach (var id in ids)
        {
            var rest = (uint)id;
            for (; rest >= 0x80; rest >>= 7)
            {
                bytes[at++] = (byte)(rest | 0x80);
            }

            bytes[at++] = (byte)rest;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Checksum(bytes.AsSpan(ChecksumBytes, at - ChecksumBytes)));
        return bytes[..at];
    }

    /// <summary>Reads exactly <paramref name="ids"/>.Length ids.</summary>
    /// <exception cref="OrleansLMException">DataLoss: the bytes are not what was written.</exception>
    public static void Decode(ReadOnlySpan<byte> bytes, Span<int> ids)
    {
        if (bytes.Length < ChecksumBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Checksum(bytes[ChecksumBytes..]))
        {
            throw Damaged("the checksum does not match");
        }

        var at = ChecksumBytes;
        foreach (ref var id in ids)
        {
            id = ReadVarint(bytes, ref at);
        }

        if (at != bytes.Length)
        {
            throw Damaged($"{bytes.Length - at} bytes follow the last of {ids.Length} ids");
        }
    }

    private static int ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0u;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (at == bytes.Length)
            {
                break;
            }

            var part = bytes[at++];
            value |= (uint)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return (int)value;
            }
        }

        throw Damaged($"an id ends beyond byte {at}");
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var part in bytes)
        {
            crc = BitOperations.Crc32C(crc, part);
        }

        return ~crc;
    }

    private static OrleansLMException Damaged(string what) => new(ErrorCode.DataLoss, $"stored tokens are damaged: {what}");
}
