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
public sealed class ClusterGrain(ModelRegistry models, ILocalSiloDetails silo, SiloClock clock, TimeProvider time) : Grain, IClusterGrain
{
    private static readonly string s_version =
        typeof(ClusterGrain).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public async Task<TopologyInfo> GetTopologyAsync(CancellationToken cancellationToken = default)
    {
        var hosts = await GrainFactory.GetGrain<IManagementGrain>(0).GetHosts();
        var silos = new List<SiloInfo>(hosts.Count);
        foreach (var (address, status) in hosts.OrderBy(host => host.Key.ToString(), StringComparer.Ordinal))
        {
            silos.Add(address.Equals(silo.SiloAddress) ? await LocalAsync(status, cancellationToken) : Other(address, status));
        }

        return new TopologyInfo { ClusterId = silo.ClusterId, Silos = silos, Time = time.GetUtcNow() };
    }

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<ModelInfo>>(models.All.Select(ModelInfos.Of).ToArray());

    private async Task<SiloInfo> LocalAsync(SiloStatus status, CancellationToken cancellationToken) => new()
    {
        Name = silo.Name,
        Address = silo.SiloAddress.ToString(),
        Status = status.ToString(),
        StartTime = clock.StartTime,
        Version = s_version,
        Pipelines = await Task.WhenAll(models.All.Select(model => GrainFactory.GetGrain<IPipelineGrain>($"{silo.Name}/{model.Name}").GetAsync(cancellationToken))),
    };

    /// <summary>A silo that holds no replica of this one's models: what the membership says of it.</summary>
    private static SiloInfo Other(SiloAddress address, SiloStatus status) => new()
    {
        Name = address.ToString(),
        Address = address.ToString(),
        Status = status.ToString(),
        StartTime = DateTimeOffset.UnixEpoch,
        Version = "",
        Pipelines = [],
    };
}
