namespace Microsoft.ML.Tokenizers;

/// <summary>What a tokenizer applies when it encodes.</summary>
public struct EncodeSettings
{
    public EncodeSettings()
    {
    }

    public bool ConsiderNormalization { get; set; }

    public bool ConsiderPreTokenization { get; set; }

    /// <summary>Tokens to give at most.</summary>
    public int MaxTokenCount { get; set; } = int.MaxValue;
}
