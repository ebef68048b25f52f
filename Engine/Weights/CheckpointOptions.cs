using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights;

/// <summary>What a user may say about a checkpoint that its files leave open.</summary>
public sealed record CheckpointOptions
{
    /// <summary>YaRN constants in place of those that the config says or implies; null: the rule of spec §1.2 decides.</summary>
    public YarnConstants? Yarn { get; init; }

    /// <summary>SUPRA only, experimental (spec §3.5): rotary frequencies rounded to bf16, as the training run probably had them.</summary>
    public bool RoundFrequenciesToBFloat16 { get; init; }
}
