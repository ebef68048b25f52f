using OrleansLM.Reporting;

namespace OrleansLM.Cpu;

/// <summary>
/// One run: the machine's ceilings and the rows so far. A row is measured in turns with its ceiling, and its ratio is that of the two medians: on a machine
/// that others use too, both have the same luck.
/// </summary>
internal sealed class BenchSession : IDisposable
{
    private const int CeilingRounds = 40;
    private readonly List<BenchRow> _rows = [];
    private readonly ReportTable _table;
    private readonly ReadBandwidth _memory;

    public BenchSession(CpuBenchOptions options, int threads, ReportTable table)
    {
        _table = table;
        Options = options;
        Threads = threads;
        _memory = new ReadBandwidth(threads);
        Ceiling("ceiling/read", "GB/s", "memory to registers", Bandwidth);
        Ceiling("ceiling/fma", "GFLOP/s", "f32, registers only", Peak);
    }

    public CpuBenchOptions Options { get; }

    public int Threads { get; }

    public IReadOnlyList<BenchRow> Rows => _rows;

    public bool Wants(string name) => name.Contains(Options.Filter, StringComparison.Ordinal);

    /// <summary>Whether any row may be wanted whose name begins so.</summary>
    public bool WantsSome(string group) => Wants(group) || Options.Filter.StartsWith(group, StringComparison.Ordinal);

    /// <summary>Measures work that reads <paramref name="bytes"/> from memory.</summary>
    public void ByBytes(string name, double bytes, Action work) => Measure(name, bytes / 1e9, "GB/s", bytes, 0, work);

    /// <summary>Measures work of so many floating-point operations.</summary>
    public void ByOperations(string name, double operations, Action work) => Measure(name, operations / 1e9, "GFLOP/s", 0, operations, work);

    /// <summary>Measures work that makes so many tokens, against the time that its bytes or its operations need at least.</summary>
    public void ByTokens(string name, int tokens, double bytes, double operations, Action work) => Measure(name, tokens, "tok/s", bytes, operations, work);

    public void Dispose() => _memory.Dispose();

    private double Bandwidth() => _memory.Sample();

    private double Peak() => MultiplyAddPeak.Sample(Threads);

    private void Ceiling(string name, string unit, string note, Func<double> sample)
    {
        var samples = Enumerable.Range(0, CeilingRounds).Select(_ => sample() / 1e9).Order().ToArray();
        Add(new BenchRow(name, samples[^1], unit, Note: $"{note}, best of {CeilingRounds}; median {samples[CeilingRounds / 2]:F1}"));
    }

    /// <param name="name">Of the row.</param>
    /// <param name="amount">What one call gets done, in the unit's numerator.</param>
    /// <param name="unit">Of the row.</param>
    /// <param name="bytes">Bytes that a call must read from memory at least; 0: they do not matter.</param>
    /// <param name="operations">Floating-point operations of a call.</param>
    /// <param name="work">The call.</param>
    private void Measure(string name, double amount, string unit, double bytes, double operations, Action work)
    {
        if (!Wants(name))
        {
            return;
        }

        var timings = Timings.Of(work, () => Math.Max(bytes > 0 ? bytes / Bandwidth() : 0, operations > 0 ? operations / Peak() : 0), Options.Seconds);
        var note = $"best {amount / timings.Best:F1}; {timings.Median * 1e3:F3} ms";
        note += bytes > 0 ? $", {bytes / timings.Median / 1e9:F2} GB/s" : "";
        note += operations > 0 ? $", {operations / timings.Median / 1e9:F1} GFLOP/s" : "";
        Add(BenchRow.Of(name, amount / timings.Median, unit, amount / timings.Limit, note));
    }

    private void Add(BenchRow row)
    {
        _rows.Add(row);
        _table.Write(row);
    }
}
