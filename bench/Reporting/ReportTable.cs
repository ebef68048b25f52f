namespace OrleansLM.Reporting;

/// <summary>A report as aligned columns of plain text; rows can also be written one by one as they are measured.</summary>
public sealed class ReportTable(TextWriter writer)
{
    private const int NameWidth = 34;

    public void Write(BenchReport report)
    {
        writer.WriteLine($"{report.Machine}, commit {report.Commit}");
        WriteHeader();
        foreach (var row in report.Rows)
        {
            Write(row);
        }
    }

    public void WriteHeader() => writer.WriteLine($"{"",-NameWidth} {"value",10} {"unit",-8} {"limit",10} {"ratio",7}");

    public void Write(BenchRow row)
    {
        var ratio = row.Ratio is { } part ? $"{part * 100:F1} %" : "";
        writer.WriteLine($"{row.Name,-NameWidth} {Number(row.Value),10} {row.Unit,-8} {(row.Limit is { } limit ? Number(limit) : ""),10} {ratio,7}  {row.Note}".TrimEnd());
        writer.Flush();
    }

    /// <summary>Four digits that say something.</summary>
    private static string Number(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1000 => $"{value:F0}",
        >= 100 => $"{value:F1}",
        >= 10 => $"{value:F2}",
        >= 0.1 => $"{value:F3}",
        _ => $"{value:G3}",
    };
}
