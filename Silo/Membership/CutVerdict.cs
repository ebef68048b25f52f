using Orleans.Runtime;

namespace OrleansLM.Silo.Membership;

/// <summary>
/// Which silo goes when two cannot reach each other although others reach both, so that the votes of the membership never come together. Each of the two
/// judges by itself, and they come to the same end: the younger one goes, and a silo that is not a member any more judges nobody.
/// </summary>
internal static class CutVerdict
{
    /// <summary>
    /// The silos that <paramref name="self"/> is to declare dead: those of the unreachable ones that joined later than it. None when it does not reach most of the
    /// others: then the fault is on its own side, and they decide.
    /// </summary>
    /// <param name="self">Who judges.</param>
    /// <param name="active">The active silos, this one included if it is one.</param>
    /// <param name="unreachable">Those that it does not reach.</param>
    public static IReadOnlyList<SiloAddress> Losers(SiloAddress self, IReadOnlySet<SiloAddress> active, IEnumerable<SiloAddress> unreachable)
    {
        var lost = unreachable.Where(active.Contains).ToList();
        return !active.Contains(self) || lost.Count * 2 > active.Count - 1 ? [] : [.. lost.Where(silo => silo.CompareTo(self) > 0)];
    }
}
