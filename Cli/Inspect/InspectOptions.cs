using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cli.Inspect;

/// <summary>What the user asked <c>inspect</c> for.</summary>
internal sealed record InspectOptions
{
    public required string Directory { get; init; }

    public CheckpointOptions Checkpoint { get; init; } = new();

    /// <summary>Stage counts to plan for, each in [1, layers]; larger ones are left out.</summary>
    public IReadOnlyList<int> Stages { get; init; } = [1, 2, 4];

    /// <summary>Element type of keys and values.</summary>
    public DataType StateType { get; init; } = DataType.Float32;

    public int PageTokens { get; init; } = 64;

    /// <summary>Tokens after which the state of a recurrent model moves on.</summary>
    public int StateChunkTokens { get; init; } = new EngineOptions().StateChunkTokens;

    /// <summary>Earlier states that a session of a recurrent model may keep for rollbacks.</summary>
    public int MaxCheckpoints { get; init; } = new EngineOptions().MaxCheckpoints;

    /// <summary>Reads every weight to look for NaN and infinity.</summary>
    public bool Verify { get; init; }
}
