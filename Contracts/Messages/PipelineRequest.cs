namespace OrleansLM.Contracts.Messages;

/// <summary>A replica that wants its stages placed, or has them: what its silo asks for.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.PipelineRequest")]
public sealed record PipelineRequest
{
    /// <summary><c>silo/model</c>.</summary>
    [Id(0)]
    public required string Pipeline { get; init; }

    /// <summary>Address of the silo of the first stage.</summary>
    [Id(1)]
    public required string Head { get; init; }

    /// <summary>Name of the model's folder.</summary>
    [Id(2)]
    public required string Model { get; init; }

    [Id(3)]
    public required string Fingerprint { get; init; }

    /// <summary>Bytes of weights, layer by layer.</summary>
    [Id(4)]
    public required long[] LayerBytes { get; init; }

    [Id(5)]
    public required long StateBytesPerLayer { get; init; }

    [Id(6)]
    public required long EmbeddingBytes { get; init; }

    [Id(7)]
    public required long OutputBytes { get; init; }

    /// <summary>How many stages; null: as few as memory allows.</summary>
    [Id(8)]
    public int? Stages { get; init; }

    /// <summary>Where it runs; null before it does.</summary>
    [Id(9)]
    public StagePlace[]? Current { get; init; }

    /// <summary>Where it is to run from its next connection on, however it is cut now; null: where the plan has it then.</summary>
    [Id(10)]
    public StagePlace[]? Planned { get; init; }
}
