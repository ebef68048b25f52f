using System.Globalization;
using System.Text;

namespace OrleansLM.Cli.Bench.Report;

/// <summary>The page beside the results: every row of the newest file of each kind.</summary>
public static class ResultPage
{
    private const string Head = """
        # Results

        Written by `./orleanslm bench report` from the files beside it; do not edit. Of each kind (`date-kind.json`) the newest file. A limit was measured in the
        same run, a goal is a number to reach; the ratio is how much of it. Each row's note (bytes, operations, what was compared) stands in its file.

        """;

    public static string Of(IReadOnlyList<ResultFile> files)
    {
        var text = new StringBuilder(Head);
        foreach (var file in files)
        {
            Append(text, file);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, ResultFile file)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n## [{file.Name}]({file.Name})\n\n{file.Report.Machine}; commit {file.Report.Commit}\n\n");
        if (file.Report.Command is { } command)
        {
            text.Append(CultureInfo.InvariantCulture, $"`{command}`\n\n");
        }

        text.Append("| row | value | unit | limit or goal | ratio |\n|---|--:|---|--:|--:|\n");
        foreach (var row in file.Report.Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name} | {Number(row.Value)} | {row.Unit} | {(row.Limit is { } limit ? Number(limit) : "")} | {(row.Ratio is { } ratio ? $"{ratio * 100:F1} %" : "")} |\n");
        }
    }

    private static string Number(double value) => Math.Abs(value) switch
    {
        >= 1000 => value.ToString("F0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("F1", CultureInfo.InvariantCulture),
        _ => value.ToString("G4", CultureInfo.InvariantCulture),
    };
}
