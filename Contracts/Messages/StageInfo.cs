namespace OrleansLM.Contracts.Messages;

/// <summary>Layers [FirstLayer, EndLayer) on one device.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.StageInfo")]
public sealed record StageInfo
{
    [Id(0)]
    public required int FirstLayer { get; init; }

    [Id(1)]
    public required int EndLayer { get; init; }

    [Id(2)]
    public required string Device { get; init; }
}
