namespace OrleansLM.Contracts.Messages;

/// <summary>A stage that is loaded for a pipeline of another silo.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.LoadedStage")]
public sealed record LoadedStage
{
    [Id(0)]
    public required string Pipeline { get; init; }

    [Id(1)]
    public required string Model { get; init; }

    [Id(2)]
    public required string Fingerprint { get; init; }

    [Id(3)]
    public required int FirstLayer { get; init; }

    [Id(4)]
    public required int EndLayer { get; init; }

    [Id(5)]
    public required bool IsConnected { get; init; }

    [Id(6)]
    public required long Steps { get; init; }

    [Id(7)]
    public required double BusySeconds { get; init; }

    /// <summary>State and workspace; weights are mapped.</summary>
    [Id(8)]
    public required long Bytes { get; init; }
}
