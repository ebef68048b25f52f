namespace Orleans.Runtime;

/// <summary>Any silo that can host the grain.</summary>
public sealed class RandomPlacement : PlacementStrategy;
