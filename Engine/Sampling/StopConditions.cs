namespace OrleansLM.Engine.Sampling;

/// <summary>What ends a generation.</summary>
public sealed record StopConditions
{
    /// <summary>Tokens to generate at most; 0 generates nothing (prefill only).</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Ids that end the generation; the id itself is part of the sequence.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Texts that end the generation; matched across tokens, and not part of the text that is delivered.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Goes on after the model's own end-of-sequence ids.</summary>
    public bool IgnoreEos { get; init; }
}
