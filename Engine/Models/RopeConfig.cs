namespace OrleansLM.Engine.Models;

/// <summary>Rotary position embedding and its scaling (spec §1). Half-split rotation over the whole head.</summary>
public sealed record RopeConfig
{
    /// <summary>b in theta_i = b^(-2i/D).</summary>
    public double Theta { get; init; } = 10000.0;

    public RopeScaling Scaling { get; init; } = RopeScaling.None;

    /// <summary>s; 1 when <see cref="Scaling"/> is none.</summary>
    public double Factor { get; init; } = 1.0;

    /// <summary>L: length the unscaled model was trained at, in tokens. Used by YaRN and dynamic NTK.</summary>
    public int OriginalContextLength { get; init; }

    /// <summary>The YaRN constants in force; null unless <see cref="Scaling"/> is YaRN.</summary>
    public YarnProfile? Yarn { get; init; }

    /// <summary>SUPRA's reported quirk (spec §3.5): inverse frequencies rounded to bf16. Off by default.</summary>
    public bool RoundFrequenciesToBFloat16 { get; init; }
}
