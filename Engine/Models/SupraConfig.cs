namespace OrleansLM.Engine.Models;

/// <summary>What a SUPRA model has besides <see cref="ModelConfig"/> (spec §3).</summary>
public sealed record SupraConfig
{
    public required SupraDecay Decay { get; init; }

    /// <summary>First slope of the lightning-style table; null means the ratio itself (spec §3.3).</summary>
    public double? DecayStart { get; init; }

    /// <summary>True when query and key share one feature map, which is so exactly when H = G.</summary>
    public bool SharedFeatureMap { get; init; }
}
