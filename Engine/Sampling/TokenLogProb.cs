namespace OrleansLM.Engine.Sampling;

/// <summary>Natural logarithm of a token's probability.</summary>
public readonly record struct TokenLogProb(int TokenId, float LogProb);
