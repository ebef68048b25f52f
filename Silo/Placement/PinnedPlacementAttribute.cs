using Orleans.Placement;

namespace OrleansLM.Silo.Placement;

/// <inheritdoc cref="PinnedPlacement"/>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PinnedPlacementAttribute() : PlacementAttribute(new PinnedPlacement());
