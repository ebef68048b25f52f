using Orleans;
using Orleans.Runtime;

namespace OrleansLM.Silo.Placement;

/// <summary>Where a session that is nowhere goes: to the silo that the caller names, or the less busy of two drawn at random.</summary>
[GenerateSerializer, Immutable]
public sealed class SessionPlacement : PlacementStrategy;
