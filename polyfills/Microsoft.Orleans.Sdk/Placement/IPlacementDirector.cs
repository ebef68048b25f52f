namespace Orleans.Runtime.Placement;

/// <summary>Chooses the silo of a new activation.</summary>
public interface IPlacementDirector
{
    /// <summary>The request context key under which a caller may name the silo that it wants.</summary>
    public const string PlacementHintKey = nameof(PlacementHintKey);

    Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context);

    /// <summary>The silo that the caller named, if it is one of those that can host the grain.</summary>
    public static SiloAddress? GetPlacementHint(Dictionary<string, object>? requestContextData, SiloAddress[] compatibleSilos)
        => requestContextData is not null
            && requestContextData.TryGetValue(PlacementHintKey, out object? hint)
            && hint is SiloAddress silo
            && Array.IndexOf(compatibleSilos, silo) >= 0
                ? silo
                : null;
}
