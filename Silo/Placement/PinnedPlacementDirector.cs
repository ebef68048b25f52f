using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Silo.Placement;

/// <summary>Finds the silo that a grain's key names.</summary>
internal sealed class PinnedPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var key = target.GrainIdentity.Key.ToString();
        var silo = Array.Find(context.GetCompatibleSilos(target), silo => silo.ToParsableString() == key);
        return Task.FromResult(silo ?? throw new OrleansLMException(ErrorCode.Unavailable, $"silo {key} is not in the cluster, or not any more") { Reason = "SILO_UNKNOWN" });
    }
}
