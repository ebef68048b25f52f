using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations on a silo drawn at random.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class RandomPlacementAttribute() : PlacementAttribute(new RandomPlacement());
