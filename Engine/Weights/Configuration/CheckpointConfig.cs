using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>What config.json and generation_config.json say.</summary>
public sealed record CheckpointConfig
{
    public required ModelConfig Model { get; init; }

    /// <summary><c>dtype</c> or <c>torch_dtype</c>: what the weights are said to be; null when the config does not say, or says something else.</summary>
    public DataType? DeclaredType { get; init; }

    /// <summary>Things that were decided for the user and that they may want to know, as sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
