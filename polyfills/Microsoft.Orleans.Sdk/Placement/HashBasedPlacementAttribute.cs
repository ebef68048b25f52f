using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations on the silo that a hash of the grain's id points to.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class HashBasedPlacementAttribute() : PlacementAttribute(new HashBasedPlacement());
