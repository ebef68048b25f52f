namespace OrleansLM.Silo.Planning;

/// <summary>A plan for all pipelines, by name.</summary>
public sealed record ClusterPlan(IReadOnlyList<PipelinePlan> Pipelines);
