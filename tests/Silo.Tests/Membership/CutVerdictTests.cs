using System.Net;
using Orleans.Runtime;
using OrleansLM.Silo.Membership;

namespace OrleansLM.Silo.Tests.Membership;

public sealed class CutVerdictTests
{
    private static readonly SiloAddress[] s_byAge = [.. Enumerable.Range(1, 5).Select(age => SiloAddress.New(IPAddress.Loopback, 1000 + age, age))];

    [Fact]
    public void Of_two_that_cannot_reach_each_other_the_younger_goes()
    {
        Assert.Equal([s_byAge[1]], CutVerdict.Losers(s_byAge[0], Active(3), [s_byAge[1]]));
        Assert.Empty(CutVerdict.Losers(s_byAge[1], Active(3), [s_byAge[0]]));
    }

    [Fact]
    public void Of_the_same_second_one_goes_and_not_both()
    {
        var (one, other, third) = (SiloAddress.New(IPAddress.Loopback, 1, 7), SiloAddress.New(IPAddress.Loopback, 2, 7), SiloAddress.New(IPAddress.Loopback, 3, 7));
        HashSet<SiloAddress> active = [one, other, third];
        Assert.Single(CutVerdict.Losers(one, active, [other]).Concat(CutVerdict.Losers(other, active, [one])));
    }

    [Fact]
    public void One_that_does_not_reach_most_of_the_others_judges_nobody()
    {
        Assert.Empty(CutVerdict.Losers(s_byAge[0], Active(2), [s_byAge[1]]));
        Assert.Empty(CutVerdict.Losers(s_byAge[0], Active(5), [s_byAge[1], s_byAge[2], s_byAge[3]]));
    }

    [Fact]
    public void Half_of_the_others_is_not_most()
    {
        Assert.Equal([s_byAge[3], s_byAge[4]], CutVerdict.Losers(s_byAge[0], Active(5), [s_byAge[3], s_byAge[4]]));
    }

    [Fact]
    public void One_that_is_no_member_any_more_judges_nobody_and_the_dead_are_not_judged_again()
    {
        Assert.Empty(CutVerdict.Losers(s_byAge[0], Active(4).Where(silo => !silo.Equals(s_byAge[0])).ToHashSet(), [s_byAge[2]]));
        Assert.Empty(CutVerdict.Losers(s_byAge[0], Active(4).Where(silo => !silo.Equals(s_byAge[2])).ToHashSet(), [s_byAge[2]]));
    }

    /// <summary>Votes may have taken either of them before: whoever looks at the members then finds that it is settled.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void When_one_of_the_two_is_dead_already_the_other_stays(int dead, int alive)
    {
        var active = Active(3);
        active.Remove(s_byAge[dead]);
        Assert.Empty(CutVerdict.Losers(s_byAge[dead], active, [s_byAge[alive]]));
        Assert.Empty(CutVerdict.Losers(s_byAge[alive], active, [s_byAge[dead]]));
    }

    /// <summary>Whichever pairs of four are cut, and in whatever order the silos look: two that reach each other and everybody else stay, and of a cut pair one at most goes by it.</summary>
    [Fact]
    public void In_any_order_of_looks_only_the_younger_ends_of_cuts_go()
    {
        var pairs = (from a in Enumerable.Range(0, 4) from b in Enumerable.Range(0, 4) where a < b select (a, b)).ToArray();
        for (var cuts = 0; cuts < 1 << pairs.Length; cuts++)
        {
            var cut = pairs.Where((_, i) => (cuts >> i & 1) != 0).ToHashSet();
            foreach (var order in new int[][] { [0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1] })
            {
                var active = Active(4);
                foreach (var judge in order.Concat(order))
                {
                    var unreachable = cut.Where(pair => pair.a == judge || pair.b == judge).Select(pair => s_byAge[pair.a == judge ? pair.b : pair.a]);
                    active.ExceptWith(CutVerdict.Losers(s_byAge[judge], active, unreachable));
                }

                Assert.Contains(s_byAge[0], active);
                Assert.All(Enumerable.Range(0, 4).Where(silo => !active.Contains(s_byAge[silo])), gone => Assert.Contains(cut, pair => pair.b == gone));
            }
        }
    }

    private static HashSet<SiloAddress> Active(int count) => [.. s_byAge.Take(count)];
}
