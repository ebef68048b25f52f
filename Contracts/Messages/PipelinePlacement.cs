namespace OrleansLM.Contracts.Messages;

/// <summary>Where the stages of a pipeline go; none, and the reason, when they cannot be placed.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.PipelinePlacement")]
public sealed record PipelinePlacement
{
    [Id(0)]
    public required string Pipeline { get; init; }

    [Id(1)]
    public required StagePlace[] Stages { get; init; }

    /// <summary>Null when it is placed.</summary>
    [Id(2)]
    public string? Problem { get; init; }

    /// <summary>Whether carrying the plan out changes anything for it. Cut anew, a stage with other layers counts as new; otherwise what is new does not run yet.</summary>
    public bool ConnectsAnew(PlanQuery query) => Stages.Any(stage => stage.Change == "Moved" || (query.Stages is not null && stage.Change == "New"));
}
