using OrleansLM.Cli.Bench.Report;
using OrleansLM.Reporting;

namespace OrleansLM.Cli.Tests.Bench.Report;

public sealed class GoalTableTests
{
    private static readonly DateTimeOffset s_noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(GoalMeasure.AtLeast, 10, 10, 0.1, true)]
    [InlineData(GoalMeasure.AtLeast, 10, 9.9, 0.1, false)]
    [InlineData(GoalMeasure.AtMost, 10, 10, 0.1, true)]
    [InlineData(GoalMeasure.AtMost, 10, 10.1, 0.1, false)]
    [InlineData(GoalMeasure.ShareOfLimit, 0.8, 1, 0.8, true)]
    [InlineData(GoalMeasure.ShareOfLimit, 0.8, 100, 0.79, false)]
    public void A_goal_is_reached_or_missed(GoalMeasure measure, double wanted, double value, double ratio, bool reached)
    {
        var table = GoalTable.Of([new("what", "row", measure, wanted)], [File("2026-03-01-a.json", s_noon, new BenchRow("row", value, "s", 1, ratio))], "results");
        Assert.Contains(reached ? "| reached |" : "| **missed** |", table);
        Assert.Contains("[a](results/2026-03-01-a.json)", table);
    }

    [Fact]
    public void The_row_that_was_measured_last_counts()
    {
        ResultFile[] files = [File("2026-03-01-z.json", s_noon, new BenchRow("row", 1, "s")), File("2026-03-01-a.json", s_noon.AddHours(1), new BenchRow("row", 2, "s"))];
        Assert.Contains("| 2 s |", GoalTable.Of([new("what", "row", GoalMeasure.AtMost, 5)], files, "results"));
    }

    [Fact]
    public void A_file_that_does_not_say_when_counts_from_the_beginning_of_its_day() =>
        Assert.Equal(s_noon.AddHours(-12), File("2026-03-01-a.json", null, new BenchRow("row", 1, "s")).Measured);

    [Fact]
    public void What_was_never_measured_is_said() => Assert.Contains("not measured", GoalTable.Of([new("what", "row", GoalMeasure.AtMost, 5)], [], "results"));

    [Fact]
    public void A_document_without_marks_is_refused() => Assert.Throws<InvalidDataException>(() => MarkedText.Replace("no marks", "text"));

    private static ResultFile File(string name, DateTimeOffset? measured, BenchRow row) => new(name, new BenchReport("machine", "commit", [row], null, measured));
}
