using Grpc.Core;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Mapping;
using OrleansLM.Gateway.Validation;

namespace OrleansLM.Gateway.Services;

/// <summary>The cluster on the wire.</summary>
[BindServiceMethod(typeof(ClusterService), nameof(Bind))]
public sealed class ClusterService(IGrainFactory grains) : Cluster.ClusterBase
{
    /// <summary>Names the methods to <paramref name="binder"/>.</summary>
    public static void Bind(ServiceBinderBase binder, ClusterService? service) => Cluster.BindService(new CheckedBinder(binder), service);

    public override async Task<Topology> GetTopology(GetTopologyRequest request, ServerCallContext context) =>
        (await grains.GetGrain<IClusterGrain>(0).GetTopologyAsync(context.CancellationToken)).ToWire();
}
