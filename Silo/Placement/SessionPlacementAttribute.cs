using Orleans.Placement;

namespace OrleansLM.Silo.Placement;

/// <inheritdoc cref="SessionPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SessionPlacementAttribute() : PlacementAttribute(new SessionPlacement());
