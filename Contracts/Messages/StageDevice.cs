namespace OrleansLM.Contracts.Messages;

/// <summary>What a silo offers to pipelines, and what it holds of them.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.StageDevice")]
public sealed record StageDevice
{
    /// <summary>Address of the silo.</summary>
    [Id(0)]
    public required string Silo { get; init; }

    /// <summary>Name of the silo.</summary>
    [Id(1)]
    public required string Name { get; init; }

    [Id(2)]
    public required string Zone { get; init; }

    /// <summary>host:port where links are accepted; empty: it serves no stages.</summary>
    [Id(3)]
    public required string LinkAddress { get; init; }

    /// <summary>Memory for models, what is loaded included.</summary>
    [Id(4)]
    public required long Bytes { get; init; }

    /// <summary>Measured at start, or as configured.</summary>
    [Id(5)]
    public required double BytesPerSecond { get; init; }

    [Id(6)]
    public required bool IsDraining { get; init; }

    /// <summary>Stages that are loaded here for pipelines of other silos.</summary>
    [Id(7)]
    public required LoadedStage[] Stages { get; init; }

    /// <summary>Pipelines whose first stage is here.</summary>
    [Id(8)]
    public required PipelineRequest[] Pipelines { get; init; }

    /// <summary>Folders of models that it can load stages of.</summary>
    [Id(9)]
    public required string[] Models { get; init; }

    /// <summary>Models that are whole on this silo, as pipelines of one stage.</summary>
    [Id(10)]
    public required PipelineRequest[] Replicas { get; init; }

    /// <summary>What it computes on, for example <c>cpu</c> or <c>cuda:0</c>.</summary>
    [Id(11)]
    public required string Device { get; init; }

    /// <summary>In a plan: what it leaves of <see cref="Bytes"/>.</summary>
    [Id(12)]
    public long FreeBytes { get; init; }
}
