namespace Orleans.Runtime;

/// <summary>A hash of the grain's id chooses among the silos in the order of their addresses.</summary>
public sealed class HashBasedPlacement : PlacementStrategy;
