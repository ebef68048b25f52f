namespace OrleansLM.Reporting;

/// <summary>One measured number.</summary>
/// <param name="Name">What was measured, as a path: <c>decode/1b/batch1</c>.</param>
/// <param name="Value">The measured value, in <paramref name="Unit"/>.</param>
/// <param name="Unit">For example <c>tok/s</c>, <c>GB/s</c>, <c>ms</c>.</param>
/// <param name="Limit">What the machine could do at most, or the goal, in the same unit; null when there is none.</param>
/// <param name="Ratio">Value / Limit, or Limit / Value where less is better; null without a limit.</param>
/// <param name="Note">Bytes, operations and other things that belong to the number.</param>
public sealed record BenchRow(string Name, double Value, string Unit, double? Limit = null, double? Ratio = null, string? Note = null)
{
    /// <summary>A value of which more is better, against a limit.</summary>
    public static BenchRow Of(string name, double value, string unit, double limit, string? note = null) => new(name, value, unit, limit, value / limit, note);

    /// <summary>A value of which less is better, against a goal.</summary>
    public static BenchRow Cost(string name, double value, string unit, double goal, string? note = null) => new(name, value, unit, goal, goal / value, note);
}
