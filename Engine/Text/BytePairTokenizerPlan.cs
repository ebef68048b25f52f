namespace OrleansLM.Engine.Text;

/// <summary>What a tokenizer file says beyond its vocabulary and merges.</summary>
internal sealed record BytePairTokenizerPlan
{
    public required TextNormalizer Normalizer { get; init; }

    /// <summary>False when the model was trained without BOS: asking for it then adds nothing.</summary>
    public required bool AddsBos { get; init; }

    /// <summary>-1 when there is none.</summary>
    public required int BosTokenId { get; init; }

    /// <summary>-1 when there is none.</summary>
    public required int EosTokenId { get; init; }

    /// <summary>The first piece of a text loses one leading space when it is decoded.</summary>
    public required bool DropsFirstSpace { get; init; }

    /// <summary>Tokens that stand for themselves wherever they are written out.</summary>
    public IReadOnlyCollection<KeyValuePair<string, int>> AddedTokens { get; init; } = [];

    /// <summary>Tokens that do so only when the caller wants special tokens to be parsed.</summary>
    public IReadOnlyCollection<KeyValuePair<string, int>> SpecialTokens { get; init; } = [];
}
