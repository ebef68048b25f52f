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
        Assert.Equal([s_byAge[1]], CutVerdict.Losers(s_byAge[0], others: 2, [s_byAge[1]]));
        Assert.Empty(CutVerdict.Losers(s_byAge[1], others: 2, [s_byAge[0]]));
    }

    [Fact]
    public void Of_the_same_second_one_goes_and_not_both()
    {
        var (one, other) = (SiloAddress.New(IPAddress.Loopback, 1, 7), SiloAddress.New(IPAddress.Loopback, 2, 7));
        Assert.Single(CutVerdict.Losers(one, others: 2, [other]).Concat(CutVerdict.Losers(other, others: 2, [one])));
    }

    [Fact]
    public void One_that_does_not_reach_most_of_the_others_judges_nobody()
    {
        Assert.Empty(CutVerdict.Losers(s_byAge[0], others: 1, [s_byAge[1]]));
        Assert.Empty(CutVerdict.Losers(s_byAge[0], others: 4, [s_byAge[1], s_byAge[2], s_byAge[3]]));
    }

    [Fact]
    public void Half_of_the_others_is_not_most()
    {
        Assert.Equal([s_byAge[3], s_byAge[4]], CutVerdict.Losers(s_byAge[0], others: 4, [s_byAge[3], s_byAge[4]]));
    }
}
