using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrleansLM.Polyfills.Node;
using OrleansLM.Polyfills.Node.Grains;

namespace OrleansLM.Polyfills.Tests.Orleans.Processes;

public sealed class ManySilosTests
{
    [Fact]
    public async Task Twenty_silos_agree_on_the_membership_and_on_where_grains_are()
    {
        await using TestTable table = await TestTable.CreateAsync();
        IHost[] hosts = [.. Enumerable.Range(0, 20).Select(i => CreateHost(i, table.Database))];
        try
        {
            await Task.WhenAll(hosts.Select(h => h.StartAsync()));
            SiloAddress[] silos = [.. hosts.Select(h => h.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress).Order()];
            foreach (IHost host in hosts)
                await Eventually.HoldsAsync(() => Task.FromResult(silos.SequenceEqual(ActiveAt(host))), () => $"One silo knows {string.Join(", ", ActiveAt(host))}.");

            // Each grain is called first from all silos at once.
            foreach (string key in Enumerable.Range(0, 10).Select(i => $"grain {i}"))
            {
                string[] activations = await Task.WhenAll(hosts.Select(h => h.Services.GetRequiredService<IGrainFactory>().GetGrain<INodeGrain>(key).Activation()));
                Assert.Single(activations.Distinct());
            }
        }
        finally
        {
            await Task.WhenAll(hosts.Select(h => h.StopAsync()));
            foreach (IHost host in hosts)
                host.Dispose();
        }
    }

    private static IEnumerable<SiloAddress> ActiveAt(IHost host) => host.Services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values
        .Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).Order();

    private static IHost CreateHost(int number, ClusterDatabase database) => NodeHost.Create(
        new NodeSettings
        {
            Name = $"silo {number}",
            ClusterId = "twenty",
            SiloPort = Ports.Take(),
            GatewayPort = Ports.Take(),
            Invariant = database.Invariant,
            ConnectionString = database.ConnectionString,
            ProbeMs = 10_000,
        },
        configure: silo => silo.Services.AddSingleton(new Signals()));
}
