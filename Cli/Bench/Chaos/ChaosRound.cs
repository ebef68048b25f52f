namespace OrleansLM.Cli.Bench.Chaos;

/// <summary>What came of a round.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Fault">What was done.</param>
/// <param name="Pause">The longest that any session's client waited for its next event.</param>
/// <param name="Started">Nodes that had to be started again afterwards.</param>
/// <param name="Wrong">Sessions whose transcript is not the undisturbed one's.</param>
/// <param name="Errors">What clients were told of failures, beside lost connections that they got over.</param>
internal sealed record ChaosRound(int Number, ChaosFault Fault, TimeSpan Pause, IReadOnlyList<string> Started, IReadOnlyList<string> Wrong, IReadOnlyList<string> Errors)
{
    public bool IsGood => Wrong.Count == 0 && Errors.Count == 0;

    /// <summary>A line, and one more for everything that is wrong.</summary>
    public string Describe() => string.Join(Environment.NewLine, [
        $"round {Number,3}  {Fault,-16} longest pause {Pause.TotalSeconds,6:F2} s  {(Wrong.Count == 0 ? "all transcripts equal" : $"{Wrong.Count} WRONG")}{(Started.Count == 0 ? "" : $"  started again: {string.Join(' ', Started)}")}",
        .. Wrong.Concat(Errors).Select(line => $"           {line}")]);
}
