namespace Orleans.Runtime.Placement;

/// <summary>What a placement director may know: the silo that it runs on and the silos that can host a grain.</summary>
public interface IPlacementContext
{
    SiloAddress LocalSilo { get; }

    SiloStatus LocalSiloStatus { get; }

    /// <summary>Active silos that have the grain's class. Throws <see cref="OrleansException"/> when there are none.</summary>
    SiloAddress[] GetCompatibleSilos(PlacementTarget target);
}
