using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Placement;

/// <summary>
/// Where a session is placed is decided before anybody knows its prompt. When its first turn comes, and another silo knows enough more of the prompt's beginning and is not
/// much busier, the session goes there: it has nothing to carry yet.
/// </summary>
public sealed class PromptAffinity(ClusterView view, KnownBeginnings known, LocalLoad local, ILocalSiloDetails silo, IOptions<PlacementOptions> options)
{
    /// <returns>The silo at which the session had better begin; null: here.</returns>
    public SiloAddress? Choose(HostedModel model, ReadOnlySpan<int> prompt)
    {
        if (options.Value.AffinityTokens == 0 || PromptBeginnings.Of(model.Engine.Description, prompt) is not { Count: > 0 } beginnings)
        {
            return null;
        }

        var better = Choose(beginnings);
        if (better is null)
        {
            known.Note(beginnings);
        }

        return better;
    }

    private SiloAddress? Choose(IReadOnlyList<Beginning> beginnings)
    {
        var (best, most) = (default(SiloAddress), KnownBeginnings.LongestIn(beginnings, known.Keys) + options.Value.AffinityTokens - 1);
        var busiest = ClusterView.Score(local.Measure()) + options.Value.AffinitySlack;
        foreach (var (address, load) in view.Loads.OrderBy(entry => view.ScoreOf(entry.Key)))
        {
            var tokens = KnownBeginnings.LongestIn(beginnings, load.Beginnings);
            if (tokens > most && !load.IsDraining && !address.Equals(silo.SiloAddress) && view.ScoreOf(address) <= busiest)
            {
                (best, most) = (address, tokens);
            }
        }

        return best;
    }
}
