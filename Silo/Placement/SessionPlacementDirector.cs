using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace OrleansLM.Silo.Placement;

/// <summary>Power of two choices: the better of two is nearly as good as the best of all, and does not send everybody to the same one.</summary>
internal sealed class SessionPlacementDirector(ClusterView view) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        var chosen = IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) ?? Choose(silos);
        view.Placed(chosen);
        return Task.FromResult(chosen);
    }

    private SiloAddress Choose(SiloAddress[] silos)
    {
        var open = view.Open(silos);
        var candidates = open.Length > 0 ? open : silos;
        var first = Random.Shared.Next(candidates.Length);
        if (candidates.Length == 1)
        {
            return candidates[first];
        }

        var second = (first + 1 + Random.Shared.Next(candidates.Length - 1)) % candidates.Length;
        return view.ScoreOf(candidates[first]) <= view.ScoreOf(candidates[second]) ? candidates[first] : candidates[second];
    }
}
