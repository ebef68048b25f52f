namespace Orleans.Runtime.Placement;

internal sealed class HashBasedPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] silos = context.GetCompatibleSilos(target);
        Array.Sort(silos);
        return Task.FromResult(
            IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? silos[target.GrainIdentity.GetUniformHashCode() % (uint)silos.Length]);
    }
}
