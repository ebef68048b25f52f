using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.TestingHost;
using OrleansLM.Polyfills.Tests.Orleans.Activations;

namespace OrleansLM.Polyfills.Tests.Orleans.Clusters;

public sealed class ClusterTests
{
    [Fact]
    public async Task All_silos_know_each_other()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(3);
        await cluster.Cluster.WaitForLivenessToStabilizeAsync();
        SiloAddress[] silos = [.. cluster.Cluster.Silos.Select(s => s.SiloAddress).Order()];
        foreach (InProcessSiloHandle silo in cluster.Cluster.Silos)
        {
            var membership = silo.ServiceProvider.GetRequiredService<IClusterMembershipService>();
            await membership.Refresh();
            ClusterMembershipSnapshot snapshot = membership.CurrentSnapshot;
            Assert.Equal(silos, snapshot.Members.Keys.Order());
            Assert.All(snapshot.Members.Values, m => Assert.Equal(SiloStatus.Active, m.Status));
            Assert.Equal(silo.Name, snapshot.Members[silo.SiloAddress].Name);

            var details = silo.ServiceProvider.GetRequiredService<ILocalSiloDetails>();
            Assert.Equal(silo.SiloAddress, details.SiloAddress);
            Assert.Equal(silo.Name, details.Name);
            Assert.Equal(cluster.Cluster.Options.ClusterId, details.ClusterId);
        }

        Dictionary<SiloAddress, SiloStatus> hosts = await cluster.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        Assert.Equal(silos, hosts.Keys.Order());
    }

    [Fact]
    public async Task The_grains_of_a_stopped_silo_are_activated_elsewhere()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2);
        InProcessSiloHandle stopped = cluster.Cluster.Silos[1];
        ILifeGrain[] grains = await ActivateAsync(cluster, stopped);

        await cluster.Cluster.StopSiloAsync(stopped);
        Assert.All(grains, g => Assert.Equal("deactivates: ShuttingDown", cluster.Signals.LogOf(g.GetPrimaryKeyString())[^1]));
        string remaining = cluster.Cluster.Silos.Single().SiloAddress.ToString();
        foreach (ILifeGrain grain in grains)
            Assert.Equal(remaining, await grain.Silo());
    }

    [Fact]
    public async Task The_grains_of_a_killed_silo_are_activated_elsewhere()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2, silo => silo
            .Configure<ClusterMembershipOptions>(o =>
            {
                o.NumMissedProbesLimit = 1;
                o.NumVotesForDeathDeclaration = 1;
                o.ProbeTimeout = TimeSpan.FromSeconds(1);
            }));
        InProcessSiloHandle killed = cluster.Cluster.Silos[1];
        ILifeGrain[] grains = await ActivateAsync(cluster, killed);
        await cluster.Cluster.KillSiloAsync(killed);
        string remaining = cluster.Cluster.Silos.Single().SiloAddress.ToString();
        foreach (ILifeGrain grain in grains)
            Assert.Equal(remaining, await EventuallyAsync(grain.Silo));
    }

    [Fact]
    public async Task A_silo_that_starts_later_gets_grains_too()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(1);
        InProcessSiloHandle added = await cluster.Cluster.StartAdditionalSiloAsync();
        await cluster.Cluster.WaitForLivenessToStabilizeAsync();
        Assert.NotEmpty(await ActivateAsync(cluster, added));
    }

    [Fact]
    public async Task Every_silo_reads_the_metadata_of_every_silo()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(
            2, silo => silo.UseSiloMetadata(new Dictionary<string, string> { ["device"] = "cpu", ["zone"] = "a" }));
        foreach (InProcessSiloHandle reader in cluster.Cluster.Silos)
        {
            var metadata = reader.ServiceProvider.GetRequiredService<ISiloMetadataCache>();
            foreach (InProcessSiloHandle silo in cluster.Cluster.Silos)
            {
                string device = await EventuallyAsync(() => Task.FromResult(metadata.GetSiloMetadata(silo.SiloAddress).Metadata["device"]));
                Assert.Equal("cpu", device);
                Assert.Equal("a", metadata.GetSiloMetadata(silo.SiloAddress).Metadata["zone"]);
            }

            Assert.Empty(metadata.GetSiloMetadata(SiloAddress.Zero).Metadata);
        }
    }

    [Fact]
    public async Task Membership_updates_tell_of_silos_that_leave()
    {
        await using GrainCluster cluster = await GrainCluster.StartAsync(2);
        var membership = cluster.Cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterMembershipService>();
        SiloAddress leaving = cluster.Cluster.Silos[1].SiloAddress;
        Task<bool> left = Task.Run(async () =>
        {
            await foreach (ClusterMembershipSnapshot snapshot in membership.MembershipUpdates)
            {
                if (snapshot.GetSiloStatus(leaving) == SiloStatus.Dead)
                    return true;
            }

            return false;
        });
        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]);
        Assert.True(await left.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(SiloStatus.None, membership.CurrentSnapshot.GetSiloStatus(SiloAddress.Zero));
    }

    // Grains that are on the given silo, made by activating enough of them.
    private static async Task<ILifeGrain[]> ActivateAsync(GrainCluster cluster, InProcessSiloHandle silo)
    {
        var grains = new List<ILifeGrain>();
        for (int i = 0; grains.Count < 3 && i < 2000; i++)
        {
            ILifeGrain grain = cluster.Grains.GetGrain<ILifeGrain>($"grain {i}", typeof(LifeGrain).FullName);
            if (await grain.Silo() == silo.SiloAddress.ToString())
                grains.Add(grain);
        }

        Assert.Equal(3, grains.Count);
        return [.. grains];
    }

    // What takes a silo's death to be noticed, or its metadata to arrive, is no promise of the API.
    private static async Task<T> EventuallyAsync<T>(Func<Task<T>> call)
    {
        var patience = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or KeyNotFoundException
                && TimeProvider.System.GetElapsedTime(patience) < TimeSpan.FromSeconds(60))
            {
                await Task.Yield();
            }
        }
    }
}
