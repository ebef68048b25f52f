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

    /// <summary>Measures work that reads <paramref name="bytes"/> from memory, against the time that its bytes or its operations need at least.</summary>
    public void ByBytes(string name, double bytes, double operations, Action work) => Measure(name, bytes / 1e9, "GB/s", new Work(bytes, operations), work);

    /// <summary>Measures work of so many floating-point operations.</summary>
    public void ByOperations(string name, double operations, Action work) => Measure(name, operations / 1e9, "GFLOP/s", new Work(0, operations), work);

    /// <summary>Measures work that makes so many tokens.</summary>
    public void ByTokens(string name, double tokens, Work work, Action call, string note = "") => Measure(name, tokens, "tok/s", work, call, note);

    /// <summary>Measures a chain of calls that makes so many tokens in all; each call is timed by itself.</summary>
    public void ByTokens(string name, double tokens, Work work, IReadOnlyList<Action> chain, string note)
    {
        if (Wants(name))
        {
            var parts = Timings.InTurns(chain, () => Limit(work), Options.Seconds, inOrder: true);
            AddRow(name, tokens, "tok/s", work, new Timings(parts.Sum(part => part.Median), parts.Sum(part => part.Best), parts[0].Limit, parts[0].Calls), note);
        }
    }

    /// <summary>Measures several things in turns, each making one token of the same work, and compares them with the first.</summary>
    public void SameCost(IReadOnlyList<string> names, Work work, IReadOnlyList<Action> calls)
    {
        if (names.Any(Wants))
        {
            var timings = Timings.InTurns(calls, () => Limit(work), 2 * names.Count * Options.Seconds);
            for (var i = 0; i < names.Count; i++)
            {
                AddRow(names[i], 1, "tok/s", work, timings[i], i == 0 ? "" : Share(timings[i], timings[0], names[0]));
            }
        }
    }

    /// <summary>A number that is known, not measured.</summary>
    public void Fact(string name, double value, string unit, string note)
    {
        if (Wants(name))
        {
            Add(new BenchRow(name, value, unit, Note: note));
        }
    }

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
    /// <param name="work">What a call must do at least.</param>
    /// <param name="call">The call.</param>
    /// <param name="note">Goes behind the row's own note.</param>
    private void Measure(string name, double amount, string unit, Work work, Action call, string note = "")
    {
        if (Wants(name))
        {
            AddRow(name, amount, unit, work, Timings.Of(call, () => Limit(work), Options.Seconds), note);
        }
    }

    /// <summary>Seconds that the work takes at least, just now.</summary>
    private double Limit(Work work) => Math.Max(work.Bytes > 0 ? work.Bytes / Bandwidth() : 0, work.Operations > 0 ? work.Operations / Peak() : 0);

    private void AddRow(string name, double amount, string unit, Work work, Timings timings, string more)
    {
        var note = $"best {amount / timings.Best:F1} of {timings.Calls}; {timings.Median * 1e3:F3} ms";
        note += work.Bytes > 0 ? $", {work.Bytes / timings.Median / 1e9:F2} GB/s" : "";
        note += work.Operations > 0 ? $", {work.Operations / timings.Median / 1e9:F1} GFLOP/s" : "";
        Add(BenchRow.Of(name, amount / timings.Median, unit, amount / timings.Limit, note + more));
    }

    private static string Share(Timings one, Timings other, string name) =>
        $"; {one.Median / other.Median * 100:F1} % of the median time of {name}, {one.Best / other.Best * 100:F1} % of its best";

    private void Add(BenchRow row)
    {
        _rows.Add(row);
        _table.Write(row);
    }
}
