namespace Microsoft.ML.Tokenizers;

/// <summary>Tokens of a text.</summary>
public struct EncodeResults<T>
{
    public IReadOnlyList<T> Tokens { get; set; }

    /// <summary>The text as it was encoded; null when it was not normalised.</summary>
    public string? NormalizedText { get; set; }

    /// <summary>Characters, of the normalised text where there is one, that the tokens cover.</summary>
    public int CharsConsumed { get; set; }
}
