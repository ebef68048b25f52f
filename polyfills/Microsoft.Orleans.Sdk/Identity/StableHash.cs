using System.Text;

namespace Orleans;

/// <summary>A hash that is the same in every process and on every machine.</summary>
public static class StableHash
{
    public static uint ComputeHash(string data) => ComputeHash(Encoding.UTF8.GetBytes(data));

    /// <summary>FNV-1a with a final avalanche, so that ids that differ in the last digit spread over the whole range.</summary>
    public static uint ComputeHash(ReadOnlySpan<byte> data)
    {
        uint hash = 2166136261;
        foreach (byte b in data)
            hash = (hash ^ b) * 16777619;

        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return hash ^ (hash >> 16);
    }
}
