namespace OrleansLM.Engine.Backends;

/// <summary>One matrix product that shares its input with others: <c>Output[T, N] (+)= x[T, K] · Weight[N, K]ᵀ</c>.</summary>
/// <param name="Weight">[N, K]</param>
/// <param name="Output">[T, N]</param>
/// <param name="Accumulate">Adds to what <paramref name="Output"/> holds (the residual) instead of replacing it.</param>
public readonly record struct Projection(Weight Weight, Matrix Output, bool Accumulate = false);
