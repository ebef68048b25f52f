using Orleans.Runtime;

namespace OrleansLM.Silo.Membership;

/// <summary>
/// Which silo goes when two cannot reach each other although others reach both, so that the votes of the membership never come together. Each of the two
/// judges by itself, and they come to the same end.
/// </summary>
internal static class CutVerdict
{
    /// <summary>
    /// The silos that <paramref name="self"/> is to declare dead: those of the unreachable ones that joined later than it. None when it does not reach most of the
    /// others: then the fault is on its own side, and they decide.
    /// </summary>
    public static IReadOnlyList<SiloAddress> Losers(SiloAddress self, int others, IReadOnlyCollection<SiloAddress> unreachable) =>
        unreachable.Count * 2 > others ? [] : [.. unreachable.Where(silo => silo.CompareTo(self) > 0)];
}
