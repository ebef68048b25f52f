using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>How stages are served to engines in other processes.</summary>
public sealed record StageServerOptions
{
    /// <summary>Where links are accepted; port 0: one that is free.</summary>
    public LinkAddress Listen { get; init; } = new("127.0.0.1", 0);

    public required string ClusterId { get; init; }

    /// <summary>Backend and threads of the stages; the rest comes from the engine that asks.</summary>
    public EngineOptions Engine { get; init; } = new();

    public LinkOptions Link { get; init; } = new();
}
