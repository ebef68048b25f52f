using System.Net;
using Orleans.Runtime.Membership;

namespace OrleansLM.Polyfills.Tests.Orleans.Membership;

/// <summary>Who is declared dead by votes; of the stand-in alone, whose table this is.</summary>
public sealed class SuspicionRulesTests
{
    private static readonly DateTime s_now = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly ClusterMembershipOptions s_options = new() { NumVotesForDeathDeclaration = 2, DeathVoteExpirationTimeout = TimeSpan.FromSeconds(12) };
    private static readonly SiloAddress[] s_silos = [.. Enumerable.Range(1, 4).Select(i => SiloAddress.New(IPAddress.Loopback, 1000 + i, i))];

    [Fact]
    public void Two_votes_of_active_silos_declare_a_silo_dead()
    {
        var table = Vote(Table(3), suspect: 2, voter: 0);
        Assert.Equal(SiloStatus.Active, StatusOf(table, 2));
        Assert.Equal(SiloStatus.Dead, StatusOf(Vote(table, suspect: 2, voter: 1), 2));
    }

    [Fact]
    public void Of_two_that_suspect_each_other_the_third_votes_one_dead_and_the_other_stays()
    {
        var table = Vote(Vote(Table(3), suspect: 1, voter: 0), suspect: 0, voter: 1);
        table = Vote(table, suspect: 1, voter: 2);
        Assert.Equal((SiloStatus.Active, SiloStatus.Dead), (StatusOf(table, 0), StatusOf(table, 1)));

        // The dead one's vote does not count any more, and it has no new one.
        Assert.Null(SuspicionRules.Suspect(table, s_silos[0], s_silos[1], s_now, s_options));
        var second = SuspicionRules.Suspect(With(Table(4), table.Entries), s_silos[0], s_silos[2], s_now, s_options);
        Assert.Equal((SiloStatus.Active, 1), (second!.Status, second.Suspicions.Length));
    }

    [Fact]
    public void A_vote_is_over_after_its_time()
    {
        var table = Vote(Table(3), suspect: 2, voter: 0);
        var later = SuspicionRules.Suspect(table, s_silos[2], s_silos[1], s_now + s_options.DeathVoteExpirationTimeout, s_options);
        Assert.Equal((SiloStatus.Active, 1), (later!.Status, later.Suspicions.Length));
    }

    [Fact]
    public void A_vote_is_not_written_again_and_again()
    {
        var table = Vote(Table(3), suspect: 2, voter: 0);
        Assert.Null(SuspicionRules.Suspect(table, s_silos[2], s_silos[0], s_now.AddSeconds(1), s_options));
        Assert.Single(SuspicionRules.Suspect(table, s_silos[2], s_silos[0], s_now.AddSeconds(7), s_options)!.Suspicions);
    }

    [Fact]
    public void Where_there_is_one_other_its_vote_is_enough_and_whoever_writes_first_stays()
    {
        var table = Vote(Table(2), suspect: 1, voter: 0);
        Assert.Equal(SiloStatus.Dead, StatusOf(table, 1));
        Assert.Null(SuspicionRules.Suspect(table, s_silos[0], s_silos[1], s_now, s_options));
    }

    [Fact]
    public void The_dead_and_strangers_are_not_suspected() => Assert.All(
        [s_silos[2], SiloAddress.New(IPAddress.Loopback, 9, 9)],
        suspect => Assert.Null(SuspicionRules.Suspect(Vote(Vote(Table(3), 2, 0), 2, 1), suspect, s_silos[0], s_now, s_options)));

    private static SiloTable Table(int count) =>
        new(MembershipVersion.MinValue, [.. s_silos.Take(count).Select((silo, i) => new SiloTableEntry(silo, $"silo-{i}", SiloStatus.Active, silo))]);

    private static SiloTable With(SiloTable table, SiloTableEntry[] entries) =>
        table with { Entries = [.. table.Entries.Select(entry => Array.Find(entries, other => other.Silo.Equals(entry.Silo)) ?? entry)] };

    private static SiloTable Vote(SiloTable table, int suspect, int voter) => With(table, [SuspicionRules.Suspect(table, s_silos[suspect], s_silos[voter], s_now, s_options)!]);

    private static SiloStatus StatusOf(SiloTable table, int silo) => Array.Find(table.Entries, entry => entry.Silo.Equals(s_silos[silo]))!.Status;
}
