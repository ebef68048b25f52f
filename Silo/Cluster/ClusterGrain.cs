using System.Reflection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Cluster;

/// <summary>The silos that the membership knows, and the replicas of those that are up.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class ClusterGrain(
    ModelRegistry models, ILocalSiloDetails silo, IClusterMembershipService membership, SiloClock clock, TimeProvider time) : Grain, IClusterGrain
{
    private static readonly string s_version =
        typeof(ClusterGrain).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public async Task<TopologyInfo> GetTopologyAsync(CancellationToken cancellationToken = default)
    {
        var members = membership.CurrentSnapshot.Members.Values.OrderBy(member => member.Name, StringComparer.Ordinal);
        var silos = await Task.WhenAll(members.Select(member => DescribeAsync(member, cancellationToken)));
        return new TopologyInfo { ClusterId = silo.ClusterId, Silos = silos, Time = time.GetUtcNow() };
    }

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<ModelInfo>>(models.All.Select(ModelInfos.Of).ToArray());

    /// <summary>Of the other silos the membership knows name, address and status.</summary>
    private async Task<SiloInfo> DescribeAsync(ClusterMember member, CancellationToken cancellationToken)
    {
        var isLocal = member.SiloAddress.Equals(silo.SiloAddress);
        return new SiloInfo
        {
            Name = member.Name,
            Address = member.SiloAddress.ToString(),
            Status = member.Status.ToString(),
            StartTime = isLocal ? clock.StartTime : DateTimeOffset.UnixEpoch,
            Version = isLocal ? s_version : "",
            Pipelines = isLocal ? await PipelinesAsync(cancellationToken) : [],
        };
    }

    private Task<PipelineInfo[]> PipelinesAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(models.All.Select(model => GrainFactory.GetGrain<IPipelineGrain>($"{silo.Name}/{model.Name}").GetAsync(cancellationToken)));
}
