using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Report;

/// <summary>A number that the design asks for.</summary>
/// <param name="What">In words, with the machine's kind.</param>
/// <param name="Row">Name of the row that measures it.</param>
/// <param name="Measure">What of the row is compared.</param>
/// <param name="Wanted">In the row's unit, or a share from 0 to 1.</param>
public sealed record Goal(string What, string Row, GoalMeasure Measure, double Wanted)
{
    public bool IsReachedBy(BenchRow row) => Measure switch
    {
        GoalMeasure.AtLeast => row.Value >= Wanted,
        GoalMeasure.AtMost => row.Value <= Wanted,
        _ => row.Ratio >= Wanted,
    };
}
