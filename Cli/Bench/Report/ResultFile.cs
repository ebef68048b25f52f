using System.Globalization;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Report;

/// <summary>A file of bench/results, called <c>date-kind.json</c>.</summary>
/// <param name="Name">Without the folder.</param>
/// <param name="Report">What it holds.</param>
public sealed record ResultFile(string Name, BenchReport Report)
{
    private const string DatePattern = "yyyy-MM-dd";

    /// <summary>When it was measured; files that do not say so count from the beginning of their day.</summary>
    public DateTimeOffset Measured => Report.Measured ?? new(DateOnly.ParseExact(Name.AsSpan(0, DatePattern.Length), DatePattern, CultureInfo.InvariantCulture), TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>The newest file of each kind in <paramref name="folder"/>, by name.</summary>
    public static IReadOnlyList<ResultFile> NewestOf(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.json")
            .GroupBy(file => Path.GetFileName(file)[(DatePattern.Length + 1)..], StringComparer.Ordinal)
            .Select(kind => kind.Max(StringComparer.Ordinal)!)
            .Order(StringComparer.Ordinal)
            .Select(file => new ResultFile(Path.GetFileName(file), BenchReport.ReadJson(file))),
    ];
}
