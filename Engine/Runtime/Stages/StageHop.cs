using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>A stage in another process: which layers, and where.</summary>
public sealed record StageHop(LayerRange Layers, LinkAddress Address);
