using System.Buffers.Binary;
using System.Numerics;

namespace OrleansLM.Engine.State.Transfer;

/// <summary>CRC-32C (Castagnoli) as the processor computes it.</summary>
internal static class Checksum
{
    /// <param name="bytes">What is summed up.</param>
    /// <param name="seed">Distinguishes equal bytes in different places.</param>
    public static uint Of(ReadOnlySpan<byte> bytes, uint seed = 0)
    {
        var crc = ~seed;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var part in bytes)
        {
            crc = BitOperations.Crc32C(crc, part);
        }

        return ~crc;
    }
}
