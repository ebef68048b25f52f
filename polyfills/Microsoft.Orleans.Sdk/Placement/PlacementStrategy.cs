namespace Orleans.Runtime;

/// <summary>Says how activations are placed; its type chooses the <see cref="Placement.IPlacementDirector"/>.</summary>
public abstract class PlacementStrategy;
