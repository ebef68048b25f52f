using OrleansLM.Reporting;

namespace OrleansLM.Links;

/// <summary>
/// What the link between two stages costs over the socket that it runs on: the same bytes over loopback, raw and through a link, in turns, so that both see
/// the same machine.
/// </summary>
public static class LinkBench
{
    /// <summary>Hidden states of 512 tokens of a 7B model in f32.</summary>
    private const int PrefillBytes = 8 << 20;

    /// <summary>Of one token.</summary>
    private const int DecodeBytes = 4096 * sizeof(float);

    private const double LatencyGoalUs = 60;

    public static BenchReport Run(double seconds, string? json, TextWriter output)
    {
        output.WriteLine($"{MachineDescription.Here()}; loopback; medians; raw and link measured in turns");
        var table = new ReportTable(output);
        table.WriteHeader();
        var rows = new List<BenchRow>();
        foreach (var row in Throughput(seconds).Concat(Latency(seconds)))
        {
            rows.Add(row);
            table.Write(row);
        }

        var report = BenchReport.Here(rows);
        if (json is not null)
        {
            report.WriteJson(json);
        }

        return report;
    }

    private static IEnumerable<BenchRow> Throughput(double seconds)
    {
        using var raw = new RawEcho(PrefillBytes);
        using var link = new LinkEcho(PrefillBytes);
        var pair = InTurns.Measure(() => raw.Stream(16), () => link.Stream(16), seconds);
        var (limit, value) = (16.0 * PrefillBytes / pair.First / 1e9, 16.0 * PrefillBytes / pair.Second / 1e9);
        yield return new BenchRow("link/raw/8MiB", limit, "GB/s");
        yield return BenchRow.Of("link/throughput/8MiB", value, "GB/s", limit, "frames with checksum, credit and heartbeats; limit: the raw socket");
    }

    private static IEnumerable<BenchRow> Latency(double seconds)
    {
        using var raw = new RawEcho(DecodeBytes);
        using var link = new LinkEcho(DecodeBytes);
        var pair = InTurns.Measure(() => raw.RoundTrips(200), () => link.RoundTrips(200), seconds);
        var (rawUs, linkUs) = (pair.First / 400 * 1e6, pair.Second / 400 * 1e6);
        yield return new BenchRow("link/raw/hop 16KiB", rawUs, "us");
        yield return BenchRow.Cost("link/added a hop", Math.Max(0.1, linkUs - rawUs), "us", LatencyGoalUs, $"hidden state of one 7B token, {linkUs:F1} us in all, hand-over to the stage's thread included");
    }
}
