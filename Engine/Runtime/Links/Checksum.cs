using System.Numerics;
using System.Runtime.InteropServices;

namespace OrleansLM.Engine.Runtime.Links;

/// <summary>
/// CRC-32C over four interleaved lanes of 8 bytes, folded into one at the end: a single lane waits for itself three cycles per 8 bytes, four keep the
/// instruction busy. Appended piece by piece; all pieces but the last are multiples of 32 bytes.
/// </summary>
public struct Checksum
{
    private const int BlockBytes = 32;

    private uint _a;
    private uint _b;
    private uint _c;
    private uint _d;
    private ulong _length;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var checksum = default(Checksum);
        checksum.Append(bytes);
        return checksum.Value;
    }

    /// <summary>The checksum of what was appended.</summary>
    public readonly uint Value
    {
        get
        {
            var folded = BitOperations.Crc32C(BitOperations.Crc32C(~0u, ((ulong)_a << 32) | _b), ((ulong)_c << 32) | _d);
            return BitOperations.Crc32C(folded, _length);
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var (a, b, c, d) = (_a, _b, _c, _d);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes[..(bytes.Length / BlockBytes * BlockBytes)]);
        for (var i = 0; i + 3 < words.Length; i += 4)
        {
            a = BitOperations.Crc32C(a, words[i]);
            b = BitOperations.Crc32C(b, words[i + 1]);
            c = BitOperations.Crc32C(c, words[i + 2]);
            d = BitOperations.Crc32C(d, words[i + 3]);
        }

        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
        {
            a = BitOperations.Crc32C(a, rest);
        }

        (_a, _b, _c, _d) = (a, b, c, d);
        _length += (ulong)bytes.Length;
    }
}
