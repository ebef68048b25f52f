namespace OrleansLM.Silo.Placement;

/// <summary>The first tokens of a prompt.</summary>
/// <param name="Tokens">How many.</param>
/// <param name="Key">Equal for equal tokens of the same weights, in every process.</param>
public readonly record struct Beginning(int Tokens, ulong Key);
