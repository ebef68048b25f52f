using System.Globalization;
using System.Text;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Report;

/// <summary>The measurements of the README, between two marks, from the newest result file of each kind (<c>date-kind.json</c>).</summary>
public static class ReadmeTable
{
    private const string Begin = "<!-- bench:begin";
    private const string End = "<!-- bench:end -->";

    /// <summary>The text of <paramref name="readme"/> with another table between the marks.</summary>
    /// <exception cref="InvalidDataException">The marks are missing.</exception>
    public static string Replace(string readme, string table)
    {
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new InvalidDataException($"README.md: expected the marks '{Begin} … -->' and '{End}'");
        }

        var head = readme.IndexOf('\n', begin) + 1;
        return string.Concat(readme.AsSpan(0, head), table, readme.AsSpan(end));
    }

    public static string Of(string resultsFolder)
    {
        var text = new StringBuilder();
        foreach (var file in Newest(resultsFolder))
        {
            var report = BenchReport.ReadJson(file);
            text.Append(CultureInfo.InvariantCulture, $"\n<details><summary><code>bench/results/{Path.GetFileName(file)}</code>: {report.Machine}, commit {report.Commit}</summary>\n\n");
            text.Append("| row | value | unit | limit or goal | ratio |\n|---|--:|---|--:|--:|\n");
            foreach (var row in report.Rows)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {Number(row.Value)} | {row.Unit} | {(row.Limit is { } limit ? Number(limit) : "")} | {(row.Ratio is { } ratio ? $"{ratio * 100:F1} %" : "")} |\n");
            }

            text.Append("\n</details>\n");
        }

        return text.Append('\n').ToString();
    }

    private static IEnumerable<string> Newest(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.json")
            .GroupBy(file => Path.GetFileName(file)["2026-01-01-".Length..], StringComparer.Ordinal)
            .Select(kind => kind.Max(StringComparer.Ordinal)!)
            .Order(StringComparer.Ordinal)
        : [];

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 1000 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.ToString("G4", CultureInfo.InvariantCulture),
    };
}
