using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Planning;

/// <summary>Layers on a device.</summary>
public sealed record PlacedStage(string Device, LayerRange Layers);
