using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Planning;

/// <summary>A stage in a plan.</summary>
/// <param name="Device">Where.</param>
/// <param name="Layers">Which layers.</param>
/// <param name="Bytes">Memory that it takes there.</param>
/// <param name="Seconds">Estimated time of a decode step: bytes read by the device's share of speed.</param>
/// <param name="Change">Against what is there now.</param>
public sealed record PlannedStage(string Device, LayerRange Layers, long Bytes, double Seconds, StageChange Change);
