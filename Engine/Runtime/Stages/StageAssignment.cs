using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What a stage of a pipeline consists of: the same assignment on another machine computes the same bits on the same kind of device.</summary>
public sealed record StageAssignment
{
    /// <summary>The replica: stages of one pipeline belong together.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Name of the model, for messages.</summary>
    public required string Model { get; init; }

    /// <summary><see cref="EngineDescription.Fingerprint"/>: the weights that must be loaded.</summary>
    public required string Fingerprint { get; init; }

    public required LayerRange Layers { get; init; }

    /// <summary>Pages (or slots) of the pool: page ids mean the same in all stages.</summary>
    public required int StateUnits { get; init; }

    public required int PageTokens { get; init; }

    public required DataType StateType { get; init; }

    /// <summary><see cref="EngineOptions.StateChunkTokens"/> of the engine.</summary>
    public required int StateChunkTokens { get; init; }

    /// <summary>Rows of a step at most.</summary>
    public required int MaxRows { get; init; }

    public override string ToString() => $"layers {Layers} of {Model} for {Pipeline}";
}
