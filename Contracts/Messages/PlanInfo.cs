namespace OrleansLM.Contracts.Messages;

/// <summary>The plan for all pipelines of the cluster, and the devices that it was made for.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.PlanInfo")]
public sealed record PlanInfo
{
    [Id(0)]
    public required StageDevice[] Devices { get; init; }

    [Id(1)]
    public required PipelinePlacement[] Pipelines { get; init; }
}
