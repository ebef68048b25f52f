using System.Globalization;

namespace OrleansLM.Engine.Runtime;

/// <summary>Memory that the process can still use without swapping.</summary>
public static class AvailableMemory
{
    private const string MemInfo = "/proc/meminfo";

    /// <summary>What the system says is available, where it says so, but no more than the limit of the process's container leaves.</summary>
    public static long Bytes()
    {
        var limit = Math.Max(0, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - Environment.WorkingSet);
        return Math.Min(limit, SystemBytes() ?? limit);
    }

    private static long? SystemBytes()
    {
        if (!File.Exists(MemInfo))
        {
            return null;
        }

        var line = File.ReadLines(MemInfo).FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        var fields = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields is [_, var kibibytes, ..] && long.TryParse(kibibytes, CultureInfo.InvariantCulture, out var value) ? value * 1024 : null;
    }
}
