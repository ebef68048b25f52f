namespace OrleansLM.Engine.Backends;

/// <summary>
/// What rotates a position: inverse frequencies and the factor on cos and sin, for one sequence length regime. Immutable. Angles are
/// f32 products position · InverseFrequencies[i], as transformers computes them (spec §1.6).
/// </summary>
/// <param name="InverseFrequencies">D/2 values.</param>
/// <param name="AttentionFactor">mscale; 1 unless YaRN.</param>
public sealed record RopeTable(float[] InverseFrequencies, float AttentionFactor);
