namespace OrleansLM.Silo.Planning;

/// <summary>Where the stages of a pipeline go; none, and the reason, when it cannot be placed.</summary>
public sealed record PipelinePlan(string Name, IReadOnlyList<PlannedStage> Stages, string? Problem = null)
{
    /// <summary>The stage that everybody waits for.</summary>
    public double SlowestSeconds => Stages.Count == 0 ? 0 : Stages.Max(stage => stage.Seconds);

    public int Moves => Stages.Count(stage => stage.Change == StageChange.Moved);
}
