using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansLM.Hosting.Cluster;
using OrleansLM.Hosting.Nodes;

namespace OrleansLM.Silo.Hosting;

/// <summary>Settings of the cluster in Orleans's terms.</summary>
internal static class ClusterSetup
{
    /// <exception cref="OptionsValidationException">What is wrong, by key.</exception>
    public static ClusterSettings Read(IConfiguration configuration)
    {
        var cluster = NodeConfiguration.Read<ClusterSettings>(configuration, ClusterSettings.Section);
        var result = new ClusterSettingsValidator().Validate(null, cluster);
        return result.Failed ? throw new OptionsValidationException(ClusterSettings.Section, typeof(ClusterSettings), result.Failures) : cluster;
    }

    /// <summary>Quick enough that a client of a killed silo waits for a few seconds only.</summary>
    public static void Configure(ClusterMembershipOptions options, ClusterSettings cluster)
    {
        options.ProbeTimeout = cluster.ProbeTimeout;
        options.NumMissedProbesLimit = cluster.MissedProbes;
        options.NumVotesForDeathDeclaration = cluster.Votes;
        // A suspicion is not to be the second one to another that came much later, of something else.
        options.DeathVoteExpirationTimeout = cluster.ProbeTimeout * cluster.MissedProbes * 4;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        options.MaxJoinAttemptTime = cluster.JoinTimeout;
    }
}
