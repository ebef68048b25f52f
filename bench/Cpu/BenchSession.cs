using OrleansLM.Reporting;

namespace OrleansLM.Cpu;

/// <summary>One run: the machine's ceilings and the rows so far.</summary>
internal sealed class BenchSession
{
    private readonly List<BenchRow> _rows = [];
    private readonly ReportTable _table;

    public BenchSession(CpuBenchOptions options, int threads, ReportTable table)
    {
        _table = table;
        Options = options;
        Threads = threads;
        Bandwidth = ReadBandwidth.Measure(threads);
        Add(new BenchRow("ceiling/read", Bandwidth / 1e9, "GB/s", Note: "1 GiB summed in vectors, best of many"));
        Peak = MultiplyAddPeak.Measure(threads);
        Add(new BenchRow("ceiling/fma", Peak / 1e9, "GFLOP/s", Note: "f32, registers only, best of many"));
    }

    public CpuBenchOptions Options { get; }

    public int Threads { get; }

    /// <summary>Bytes a second that all threads together read from memory.</summary>
    public double Bandwidth { get; }

    /// <summary>Floating-point operations a second, two for each fused multiply-add.</summary>
    public double Peak { get; }

    public IReadOnlyList<BenchRow> Rows => _rows;

    public bool Wants(string name) => name.Contains(Options.Filter, StringComparison.Ordinal);

    /// <summary>Whether any row may be wanted whose name begins so.</summary>
    public bool WantsSome(string group) => Wants(group) || Options.Filter.StartsWith(group, StringComparison.Ordinal);

    /// <summary>Measures work that reads <paramref name="bytes"/> from memory.</summary>
    public void ByBytes(string name, double bytes, Action work)
    {
        if (Wants(name))
        {
            var times = Timings.Of(work, Options.Seconds);
            Add(BenchRow.Of(name, bytes / times.Median / 1e9, "GB/s", Bandwidth / 1e9, $"best {bytes / times.Best / 1e9:F2}; {bytes / 1e6:F1} MB in {times.Median * 1e3:F3} ms"));
        }
    }

    /// <summary>Measures work of so many floating-point operations.</summary>
    public void ByOperations(string name, double operations, Action work)
    {
        if (Wants(name))
        {
            var times = Timings.Of(work, Options.Seconds);
            Add(BenchRow.Of(name, operations / times.Median / 1e9, "GFLOP/s", Peak / 1e9, $"best {operations / times.Best / 1e9:F1}; {operations / 1e9:F2} GFLOP in {times.Median * 1e3:F3} ms"));
        }
    }

    /// <summary>Measures work that makes so many tokens, against the time that its bytes or its operations need at least.</summary>
    public void ByTokens(string name, int tokens, double bytes, double operations, Action work)
    {
        if (Wants(name))
        {
            var times = Timings.Of(work, Options.Seconds);
            var limit = tokens / Math.Max(bytes / Bandwidth, operations / Peak);
            Add(BenchRow.Of(
                name, tokens / times.Median, "tok/s", limit,
                $"best {tokens / times.Best:F1}; {bytes / times.Median / 1e9:F2} GB/s, {operations / times.Median / 1e9:F1} GFLOP/s, {times.Median * 1e3:F2} ms"));
        }
    }

    private void Add(BenchRow row)
    {
        _rows.Add(row);
        _table.Write(row);
    }
}
