using OrleansLM.Reporting;

namespace OrleansLM.Cpu;

/// <summary>
/// How near the CPU backend comes to what this machine can do: its ceilings are measured first (reading memory, multiplying in registers), then kernels
/// alone, then whole models.
/// </summary>
public static class CpuBench
{
    /// <returns>Exit code.</returns>
    public static int Run(string[] args)
    {
        CpuBenchOptions options;
        try
        {
            options = CpuBenchOptions.Parse(args);
        }
        catch (ArgumentException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }

        Run(options, Console.Out);
        return 0;
    }

    public static BenchReport Run(CpuBenchOptions options, TextWriter output)
    {
        var threads = options.Threads ?? Environment.ProcessorCount;
        output.WriteLine($"{MachineDescription.Here()}; {threads} threads; medians; a limit is the median of the ceiling, measured in turns with the row");
        var table = new ReportTable(output);
        table.WriteHeader();
        using var session = new BenchSession(options, threads, table);
        if (options.Model is null)
        {
            KernelRows.Measure(session);
        }

        ModelRows.Measure(session);
        var report = BenchReport.Here(session.Rows);
        if (options.Json is { } path)
        {
            report.WriteJson(path);
        }

        return report;
    }
}
