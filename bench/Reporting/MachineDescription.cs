using System.Runtime.InteropServices;

namespace OrleansLM.Reporting;

/// <summary>This machine in one line.</summary>
public static class MachineDescription
{
    public static string Here()
    {
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        return $"{Processor()}, {Environment.ProcessorCount} cores, {memory:F0} GiB, {RuntimeInformation.OSDescription.Trim()}, {RuntimeInformation.FrameworkDescription}";
    }

    private static string Processor()
    {
        const string Processors = "/proc/cpuinfo";
        if (!File.Exists(Processors))
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        var lines = File.ReadLines(Processors).TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2);
        var fields = new Dictionary<string, string>();
        foreach (var parts in lines)
        {
            fields.TryAdd(parts[0].Trim(), parts[1].Trim());
        }

        var name = fields.GetValueOrDefault("model name", RuntimeInformation.ProcessArchitecture.ToString());
        return fields.TryGetValue("cpu family", out var family) ? $"{name} (family {family}, model {fields.GetValueOrDefault("model")})" : name;
    }
}
