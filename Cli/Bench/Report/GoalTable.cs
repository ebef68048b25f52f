using System.Globalization;
using System.Text;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Report;

/// <summary>The README's table: each goal, and the newest row that measures it.</summary>
public static class GoalTable
{
    public static string Of(IReadOnlyList<Goal> goals, IReadOnlyList<ResultFile> files, string folder)
    {
        var text = new StringBuilder("\n| what | goal | measured | | in |\n|---|--:|--:|---|---|\n");
        foreach (var goal in goals)
        {
            var (file, row) = Newest(files, goal.Row);
            text.Append(row is null ? Line(goal) : Line(goal, row, file!, folder));
        }

        return text.Append('\n').ToString();
    }

    private static (ResultFile? File, BenchRow? Row) Newest(IReadOnlyList<ResultFile> files, string name) => files
        .SelectMany(file => file.Report.Rows.Where(row => row.Name == name), (file, row) => ((ResultFile?)file, (BenchRow?)row))
        .OrderBy(found => found.Item1!.Measured).ThenBy(found => found.Item1!.Name, StringComparer.Ordinal)
        .LastOrDefault();

    private static string Line(Goal goal) => $"| {goal.What} | {Wanted(goal, "")} | | not measured | |\n";

    private static string Line(Goal goal, BenchRow row, ResultFile file, string folder) =>
        $"| {goal.What} | {Wanted(goal, row.Unit)} | {Found(goal, row)} | {(goal.IsReachedBy(row) ? "reached" : "**missed**")} | [{Path.GetFileNameWithoutExtension(file.Name)["2026-01-01-".Length..]}]({folder}/{file.Name}) |\n";

    private static string Wanted(Goal goal, string unit) => goal.Measure switch
    {
        GoalMeasure.AtLeast => $"≥ {Number(goal.Wanted)} {unit}",
        GoalMeasure.AtMost => $"≤ {Number(goal.Wanted)} {unit}",
        _ => $"≥ {Percent(goal.Wanted)}",
    };

    private static string Found(Goal goal, BenchRow row) => goal.Measure == GoalMeasure.ShareOfLimit ? Percent(row.Ratio ?? double.NaN) : $"{Number(row.Value)} {row.Unit}";

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.#} %");

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 1000 ? "F0" : "G4", CultureInfo.InvariantCulture);
}
