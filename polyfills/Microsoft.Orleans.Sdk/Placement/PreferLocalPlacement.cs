namespace Orleans.Runtime;

/// <summary>The silo of the first caller, where it can host the grain; otherwise a random one.</summary>
public sealed class PreferLocalPlacement : PlacementStrategy;
