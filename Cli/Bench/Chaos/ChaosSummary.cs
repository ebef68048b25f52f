using OrleansLM.Reporting;

namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>Rounds as rows of a report.</summary>
internal static class ChaosSummary
{
    /// <summary>With default timings, the median after SIGKILL.</summary>
    private const double RecoveryGoal = 5;

    public static IReadOnlyList<BenchRow> Rows(IReadOnlyList<ChaosRound> rounds)
    {
        var rows = new List<BenchRow>
        {
            new("chaos/rounds", rounds.Count, "rounds"),
            new("chaos/wrong_transcripts", rounds.Sum(round => round.Wrong.Count), "sessions", Note: "tokens lost, repeated or other than in the undisturbed run"),
            new("chaos/client_errors", rounds.Sum(round => round.Errors.Count), "calls"),
        };
        foreach (var kind in rounds.GroupBy(round => round.Fault).OrderBy(group => group.Key))
        {
            var pauses = kind.Select(round => round.Pause.TotalSeconds).Order().ToList();
            var note = $"{pauses.Count} rounds; the longest that any client waited for its next event";
            var median = pauses[pauses.Count / 2];
            rows.Add(kind.Key == ChaosFault.KillSilo
                ? BenchRow.Cost($"chaos/{kind.Key}/recovery_median", median, "s", RecoveryGoal, note)
                : new BenchRow($"chaos/{kind.Key}/recovery_median", median, "s", Note: note));
            rows.Add(new BenchRow($"chaos/{kind.Key}/recovery_longest", pauses[^1], "s"));
        }

        return rows;
    }
}
