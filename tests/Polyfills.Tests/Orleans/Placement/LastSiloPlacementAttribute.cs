using Orleans.Placement;

namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

[AttributeUsage(AttributeTargets.Class)]
public sealed class LastSiloPlacementAttribute() : PlacementAttribute(new LastSiloPlacement());
