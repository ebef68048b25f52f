namespace Orleans.Runtime.Manifest;

/// <summary>
/// A grain class, as other silos and clients know it: its full name, the grain interfaces that it implements (base interfaces included), and its placement (null: the
/// silo's default).
/// </summary>
internal sealed record GrainTypeInfo(GrainType Type, string ClassName, IReadOnlyList<GrainInterfaceType> Interfaces, PlacementStrategy? Placement);
