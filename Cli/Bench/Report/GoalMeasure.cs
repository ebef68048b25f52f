namespace OrleansLM.Cli.Bench.Report;

/// <summary>What of a row a goal is about.</summary>
public enum GoalMeasure
{
    /// <summary>The value; more is better.</summary>
    AtLeast,

    /// <summary>The value; less is better.</summary>
    AtMost,

    /// <summary>The value's share of the limit that was measured in the same run.</summary>
    ShareOfLimit,
}
