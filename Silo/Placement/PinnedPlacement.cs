using Orleans;
using Orleans.Runtime;

namespace OrleansLM.Silo.Placement;

/// <summary>On the silo whose address is the grain's key, and nowhere else.</summary>
[GenerateSerializer, Immutable]
public sealed class PinnedPlacement : PlacementStrategy;
