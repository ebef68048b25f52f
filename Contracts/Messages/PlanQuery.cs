namespace OrleansLM.Contracts.Messages;

/// <summary>What is asked of the planner.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.PlanQuery")]
public sealed record PlanQuery
{
    /// <summary>Name of a model; null: all.</summary>
    [Id(0)]
    public string? Model { get; init; }

    /// <summary>At least 1: the model cut anew into so many stages. Null: as it is and as its configuration asks.</summary>
    [Id(1)]
    public int? Stages { get; init; }
}
