using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OrleansLM.Engine.State;

/// <summary>
/// Names the tokens from the beginning of a sequence to the end of one of its pages: the first 128 bits of SHA-256 over the key of the page before and this page's
/// ids. Equal keys mean equal tokens: nobody finds two beginnings with one key, not even on purpose. The same in every process.
/// </summary>
public readonly record struct PrefixKey(ulong High, ulong Low)
{
    private const int KeyBytes = 16;
    private const int MaxPageTokens = 256;

    /// <summary>Of no tokens at all.</summary>
    public static PrefixKey Empty => default;

    /// <summary>The key after one more page with these ids, at most 256.</summary>
    public PrefixKey Next(ReadOnlySpan<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, MaxPageTokens);
        Span<byte> input = stackalloc byte[KeyBytes + (MaxPageTokens * sizeof(int))];
        BinaryPrimitives.WriteUInt64LittleEndian(input, High);
        BinaryPrimitives.WriteUInt64LittleEndian(input[sizeof(ulong)..], Low);
        MemoryMarshal.AsBytes(tokens).CopyTo(input[KeyBytes..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input[..(KeyBytes + (tokens.Length * sizeof(int)))], hash);
        return new PrefixKey(BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[sizeof(ulong)..]));
    }
}
