using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>How a test cuts a model and its steps: everything that must leave no trace in the logits, and the backend, which may.</summary>
public sealed record TestSetup(string Backend)
{
    public int Stages { get; init; } = 1;

    public int PageTokens { get; init; } = 64;

    public int StateUnits { get; init; } = 64;

    public int MaxRows { get; init; } = 512;

    public int MaxLogitRows { get; init; } = 64;

    public DataType StateType { get; init; } = DataType.Float32;

    /// <summary>Worker threads of the CPU backend.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Recurrent models: checkpoints for rollback.</summary>
    public CheckpointPolicy Checkpoints { get; init; } = CheckpointPolicy.None;

    /// <summary>Hands pages out in a random order instead of an ascending one.</summary>
    public int? ScrambleSeed { get; init; }
}
