using System.Collections.Immutable;
using System.Net;
using Orleans.Runtime;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Tests.Hosting;

/// <summary>Every turn of a dead silo is exactly one living silo's business.</summary>
public sealed class OrphanageTests
{
    private static readonly SiloAddress[] s_silos = [.. Enumerable.Range(1, 4).Select(i => SiloAddress.New(IPAddress.Loopback, i, 7))];

    [Fact]
    public void Each_orphan_has_one_keeper_and_the_living_keep_theirs()
    {
        var members = Members(SiloStatus.Active, SiloStatus.Active, SiloStatus.Active, SiloStatus.Dead);
        var views = s_silos.Take(3).Select(silo => new Orphanage(members, silo)).ToList();
        var orphans = Enumerable.Range(0, 200).Select(i => new UnfinishedTurn("s", $"t{i}", false, s_silos[3].ToParsableString())).ToList();
        Assert.All(orphans, turn => Assert.Single(views, view => view.IsMine(turn)));
        Assert.All(views, view => Assert.Contains(orphans, view.IsMine));
        Assert.DoesNotContain(views, view => view.IsMine(new UnfinishedTurn("s", "t", false, s_silos[0].ToParsableString())));
    }

    [Fact]
    public void A_silo_that_stops_keeps_its_turns_until_it_is_gone()
    {
        var turn = new UnfinishedTurn("s", "t", false, s_silos[1].ToParsableString());
        Assert.False(new Orphanage(Members(SiloStatus.Active, SiloStatus.ShuttingDown), s_silos[0]).IsMine(turn));
        Assert.True(new Orphanage(Members(SiloStatus.Active, SiloStatus.Dead), s_silos[0]).IsMine(turn));
        Assert.True(new Orphanage(Members(SiloStatus.Active), s_silos[0]).IsAlone);
    }

    private static ClusterMembershipSnapshot Members(params SiloStatus[] status) => new(
        status.Select((state, i) => new ClusterMember(s_silos[i], state, $"silo-{i}")).ToImmutableDictionary(member => member.SiloAddress), new MembershipVersion(1));
}
