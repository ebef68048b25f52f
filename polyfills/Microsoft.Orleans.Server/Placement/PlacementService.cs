using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Manifest;

namespace Orleans.Runtime.Placement;

/// <summary>Chooses silos for grains that have no activation.</summary>
internal sealed class PlacementService(IServiceProvider services, ILocalSiloDetails silo, IClusterMembershipService membership, IPeerSilos peers, GrainClasses classes) : IPlacementContext
{
    public SiloAddress LocalSilo => silo.SiloAddress;

    public SiloStatus LocalSiloStatus => membership.CurrentSnapshot.GetSiloStatus(LocalSilo);

    public SiloAddress[] GetCompatibleSilos(PlacementTarget target)
    {
        GrainType type = target.GrainIdentity.Type;
        SiloAddress[] silos =
        [
            .. membership.CurrentSnapshot.Members.Values
                .Where(m => m.Status == SiloStatus.Active && peers.Find(m.SiloAddress)?.Manifest.Find(type) is not null)
                .Select(m => m.SiloAddress)
                .Order(),
        ];
        return silos.Length > 0 ? silos : throw new OrleansException($"No active silo of the cluster has the grain class of {target.GrainIdentity}.");
    }

    public async Task<SiloAddress> PlaceAsync(PlacementTarget target)
    {
        PlacementStrategy strategy = StrategyOf(target.GrainIdentity.Type);
        IPlacementDirector director = services.GetKeyedService<IPlacementDirector>(strategy.GetType())
            ?? throw new OrleansException($"No placement director is registered for {strategy.GetType()}.");
        SiloAddress chosen = await director.OnAddActivation(strategy, target, this);
        return Array.IndexOf(GetCompatibleSilos(target), chosen) >= 0
            ? chosen
            : throw new OrleansException($"{director.GetType()} chose {chosen} for {target.GrainIdentity}, which is no active silo with that grain class.");
    }

    // This silo's own class knows the strategy with its settings.
    private PlacementStrategy StrategyOf(GrainType type)
        => classes.Find(type)?.Info.Placement ?? peers.Current.Select(m => m.Find(type)).FirstOrDefault(t => t is not null)?.Placement ?? services.GetRequiredService<PlacementStrategy>();
}
