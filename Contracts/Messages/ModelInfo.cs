namespace OrleansLM.Contracts.Messages;

/// <summary>A model as loaded; see Model in models.proto.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ModelInfo")]
public sealed record ModelInfo
{
    [Id(0)]
    public required string Name { get; init; }

    [Id(1)]
    public required string Family { get; init; }

    [Id(2)]
    public required long Parameters { get; init; }

    [Id(3)]
    public required long WeightBytes { get; init; }

    /// <summary>0: no limit.</summary>
    [Id(4)]
    public required int ContextTokens { get; init; }

    /// <summary>Length the model was trained for; 0: the context.</summary>
    [Id(5)]
    public required int TrainedTokens { get; init; }

    [Id(6)]
    public required int Layers { get; init; }

    [Id(7)]
    public required int HiddenSize { get; init; }

    [Id(8)]
    public required int Heads { get; init; }

    [Id(9)]
    public required int KeyValueHeads { get; init; }

    [Id(10)]
    public required int HeadDim { get; init; }

    [Id(11)]
    public required int VocabularySize { get; init; }

    [Id(12)]
    public required long StateBytesPerToken { get; init; }

    [Id(13)]
    public required long StateBytesPerSession { get; init; }

    /// <summary>Scaling in words.</summary>
    [Id(14)]
    public required string Rope { get; init; }

    [Id(15)]
    public required string Fingerprint { get; init; }

    [Id(16)]
    public required int BosTokenId { get; init; }

    [Id(17)]
    public required IReadOnlyList<int> EosTokenIds { get; init; }

    /// <summary>Null: none.</summary>
    [Id(18)]
    public string? ChatTemplate { get; init; }
}
