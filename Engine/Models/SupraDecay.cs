namespace OrleansLM.Engine.Models;

/// <summary>The per-head decay gamma of SUPRA's linear attention (spec §3.3).</summary>
public enum SupraDecay
{
    /// <summary>gamma = 1.</summary>
    None = 0,

    /// <summary>gamma_h = exp(-slope_h), slopes as in lightning attention / ALiBi.</summary>
    Lightning = 1,

    /// <summary>gamma_h = 1 - 2^(-5-h).</summary>
    RetNet = 2,
}
