namespace Orleans.Runtime.Placement;

internal sealed class PreferLocalPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        SiloAddress? chosen = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos);
        if (chosen is null && Array.IndexOf(silos, context.LocalSilo) >= 0)
            chosen = context.LocalSilo;
        return Task.FromResult(chosen ?? silos[Random.Shared.Next(silos.Length)]);
    }
}
