using Orleans.Runtime.Placement;

namespace OrleansLM.Polyfills.Tests.Orleans.Placement;

/// <summary>Chooses the silo with the highest port.</summary>
public sealed class LastSiloPlacementDirector(Signals signals) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        signals.Log("director", $"{strategy.GetType().Name} {target.GrainIdentity.Key} {target.RequestContextData?.GetValueOrDefault("wish")}");
        return Task.FromResult(context.GetCompatibleSilos(target).MaxBy(s => s.Endpoint.Port)!);
    }
}
