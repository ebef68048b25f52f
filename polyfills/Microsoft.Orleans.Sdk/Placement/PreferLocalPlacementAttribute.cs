using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations on the silo that made the first call, where that silo can host them.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(new PreferLocalPlacement());
