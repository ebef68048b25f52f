using Grpc.Core;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Mapping;

namespace OrleansLM.Gateway.Services;

/// <summary>The cluster on the wire.</summary>
public sealed class ClusterService(IGrainFactory grains) : Cluster.ClusterBase
{
    public override async Task<Topology> GetTopology(GetTopologyRequest request, ServerCallContext context) =>
        (await grains.GetGrain<IClusterGrain>(0).GetTopologyAsync(context.CancellationToken)).ToWire();
}
