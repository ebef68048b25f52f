namespace OrleansLM.Engine.Sampling;

/// <summary>A token that was chosen.</summary>
/// <param name="Token">Its id, and its log-probability from the raw logits; NaN when none was asked for.</param>
/// <param name="Top">The most probable tokens, best first; null unless asked for.</param>
public readonly record struct SampledToken(TokenLogProb Token, IReadOnlyList<TokenLogProb>? Top);
