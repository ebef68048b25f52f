using Orleans.Configuration;

namespace Orleans.Runtime.Membership;

/// <summary>
/// What a suspicion changes in the table of silos. It depends on the table alone, whose writes come one after the other, so of two silos that suspect each other one dies at most: a
/// silo that is not active suspects nobody, and what it said before does not count any more.
/// </summary>
internal static class SuspicionRules
{
    /// <summary>The suspect's row with the voter's suspicion, dead where that makes enough of them; null when nothing changes.</summary>
    public static SiloTableEntry? Suspect(SiloTable table, SiloAddress suspect, SiloAddress voter, DateTime now, ClusterMembershipOptions options)
    {
        if (Array.Find(table.Entries, e => e.Silo.Equals(suspect)) is not { Status: not SiloStatus.Dead } entry || !IsActive(table, voter))
            return null;

        SuspicionVote[] fresh = [.. entry.Suspicions.Where(v => now - v.Time < options.DeathVoteExpirationTimeout && IsActive(table, v.Voter))];
        SuspicionVote[] votes = [.. fresh.Where(v => !v.Voter.Equals(voter)), new SuspicionVote(voter, now)];
        if (votes.Length >= Needed(table, suspect, options))
            return entry with { Suspicions = votes, Status = SiloStatus.Dead };

        return HasLatelyVoted(fresh, voter, now, options) ? null : entry with { Suspicions = votes };
    }

    /// <summary>In a small cluster there may not be as many silos as the options ask for.</summary>
    public static int Needed(SiloTable table, SiloAddress suspect, ClusterMembershipOptions options)
    {
        int voters = table.Entries.Count(e => e.Status == SiloStatus.Active && !e.Silo.Equals(suspect));
        return Math.Max(1, Math.Min(options.NumVotesForDeathDeclaration, voters));
    }

    private static bool IsActive(SiloTable table, SiloAddress silo) => Array.Exists(table.Entries, e => e.Silo.Equals(silo) && e.Status == SiloStatus.Active);

    private static bool HasLatelyVoted(SuspicionVote[] votes, SiloAddress voter, DateTime now, ClusterMembershipOptions options)
        => Array.Exists(votes, v => v.Voter.Equals(voter) && now - v.Time < options.DeathVoteExpirationTimeout / 2);
}
