namespace OrleansLM.Engine.Models;

/// <summary>The shape of a model, in one vocabulary for all families; read from config.json by <c>Weights</c>, which alone knows the files' key names.</summary>
public sealed record ModelConfig
{
    public required ModelFamily Family { get; init; }

    /// <summary>C: width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>F: width of the feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>L: number of decoder blocks.</summary>
    public required int LayerCount { get; init; }

    /// <summary>H: query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>G: key-value heads; divides <see cref="HeadCount"/>. Query head h reads key-value head h / (H / G).</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>D: width of one head; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>V.</summary>
    public required int VocabularySize { get; init; }

    public required float NormEpsilon { get; init; }

    public required RopeConfig Rope { get; init; }

    /// <summary>W: a key j is visible to query i when i - W &lt; j ≤ i; null for full attention.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>True when the output head is the transposed token embedding.</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Longest sequence, in tokens, that the model is said to serve (spec §0.2: factor × original length for YaRN). SUPRA: trained length, not a limit.</summary>
    public required int ContextLength { get; init; }

    public int BosTokenId { get; init; } = 1;

    /// <summary>Ids that end a generation.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [2];

    /// <summary>Set exactly when <see cref="Family"/> is <see cref="ModelFamily.Supra"/>.</summary>
    public SupraConfig? Supra { get; init; }
}
