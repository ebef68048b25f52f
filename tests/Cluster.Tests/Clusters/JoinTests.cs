using OrleansLM.Cluster.Tests.Processes;
using OrleansLM.Contracts.V1;
using OrleansLM.LocalCluster;

namespace OrleansLM.Cluster.Tests.Clusters;

/// <summary>Silos that do not belong: with other weights under the same name, or of another cluster.</summary>
public sealed class JoinTests
{
    private static readonly TimeSpan s_exitLimit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_silo_with_other_weights_or_of_another_cluster_gets_no_session_and_says_why()
    {
        using var other = new OtherModel();
        await using var cluster = await TestCluster.StartSmallAsync();
        var reference = await cluster.ReferenceAsync(0);
        var stranger = await JoinAsync(cluster, $"--Serving:Models:0:Directory={other.Folder}");
        var sessions = Enumerable.Range(0, 4).Select(async i =>
        {
            var session = await cluster.CreateAsync($"beside-{i}");
            await cluster.AssertEqualAsync(reference, await cluster.RunAsync(session, 0, _ => Task.CompletedTask), session);
        });
        await Task.WhenAll(sessions);
        await stranger.ExitAsync().WaitAsync(s_exitLimit);
        Assert.Contains("serves tiny-yarn-mistral-128k with the fingerprint", stranger.Errors, StringComparison.Ordinal);
        Assert.Contains("It takes no sessions and ends", stranger.Errors, StringComparison.Ordinal);

        var elsewhere = await cluster.Nodes.AddSiloAsync("--Cluster:ClusterId=another", $"--SessionLog:Path={Path.Combine(other.Folder, "sessions.db")}");
        var topology = await cluster.Cluster.GetTopologyAsync(new GetTopologyRequest());
        Assert.DoesNotContain(topology.Silos, silo => silo.Name == elsewhere.Name);
        Assert.Equal("silo-1", Assert.Single(topology.Silos, silo => silo.Status == "Active").Name);
    }

    /// <summary>It ends before it serves or soon afterwards.</summary>
    private static async Task<NodeProcess> JoinAsync(TestCluster cluster, string setting)
    {
        try
        {
            return await cluster.Nodes.AddSiloAsync(setting);
        }
        catch (InvalidOperationException)
        {
            return cluster.Nodes.Silos[^1];
        }
    }

    /// <summary>A model with the name of the tests' own, and another norm.</summary>
    private sealed class OtherModel : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("orleanslm-other-").FullName;

        public OtherModel()
        {
            Directory.CreateDirectory(Folder);
            foreach (var file in Directory.GetFiles(Repository.TinyModel))
            {
                File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)));
            }

            var config = Path.Combine(Folder, "config.json");
            var changed = File.ReadAllText(config).Replace("\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 1e-03", StringComparison.Ordinal);
            Assert.NotEqual(File.ReadAllText(config), changed);
            File.WriteAllText(config, changed);
        }

        public string Folder => Path.Combine(_root, Path.GetFileName(Repository.TinyModel));

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
