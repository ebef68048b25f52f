using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime;

/// <summary>One thing that a turn produced.</summary>
public readonly record struct TurnOutput
{
    public required TurnOutputKind Kind { get; init; }

    /// <summary>Token, PromptLogProb: absolute position in the sequence. PrefillProgress: tokens computed so far.</summary>
    public int Position { get; init; }

    /// <summary>PrefillProgress: tokens to compute in all.</summary>
    public int Total { get; init; }

    /// <summary>Token, PromptLogProb: the id and its log-probability (NaN when not asked for).</summary>
    public TokenLogProb Token { get; init; }

    /// <summary>The most probable tokens at this position, best first; null unless asked for.</summary>
    public IReadOnlyList<TokenLogProb>? Top { get; init; }

    /// <summary>Token, Finished: text that became final; whole characters only, often empty while bytes or a possible stop string are held back.</summary>
    public string? Text { get; init; }

    /// <summary>Finished only.</summary>
    public FinishReason FinishReason { get; init; }

    /// <summary>Finished only.</summary>
    public TurnUsage? Usage { get; init; }
}
