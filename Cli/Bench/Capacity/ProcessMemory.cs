using System.Diagnostics;

namespace OrleansLM.Cli.Bench.Capacity;

/// <summary>What a process has in memory.</summary>
internal sealed class ProcessMemory(int processId)
{
    public double ResidentMib()
    {
        using var process = Process.GetProcessById(processId);
        return process.WorkingSet64 / 1048576.0;
    }
}
