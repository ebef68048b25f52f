using System.Buffers.Binary;
using System.Buffers.Text;
using System.Numerics;
using System.Text;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Sessions;

/// <summary>Where a listing goes on: a row of the log and a checksum, in base64url. Opaque to callers, and no secret.</summary>
internal static class PageToken
{
    private const int RowBytes = sizeof(long);
    private const int Bytes = RowBytes + sizeof(uint);

    public static string Write(long row)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, row);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[RowBytes..], Checksum(row));
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="OrleansLMException">InvalidArgument.</exception>
    public static long Read(string token)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        if (token.Length == Base64Url.GetEncodedLength(Bytes) && Ascii.IsValid(token) && Base64Url.IsValid(token)
            && Base64Url.TryDecodeFromChars(token, bytes, out var count) && count == Bytes)
        {
            var row = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[RowBytes..]) == Checksum(row))
            {
                return row;
            }
        }

        throw OrleansLMException.Invalid("page_token", "is not one that a listing returned");
    }

    private static uint Checksum(long row) => BitOperations.Crc32C(0x4F4C4D53, (ulong)row);
}
