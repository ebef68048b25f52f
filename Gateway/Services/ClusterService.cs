using Grpc.Core;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Mapping;
using OrleansLM.Gateway.Routing;
using OrleansLM.Gateway.Validation;
using PlanQuery = OrleansLM.Contracts.Messages.PlanQuery;

namespace OrleansLM.Gateway.Services;

/// <summary>The cluster on the wire.</summary>
[BindServiceMethod(typeof(ClusterService), nameof(Bind))]
public sealed class ClusterService(IGrainFactory grains, Failover failover, TimeProvider time) : Cluster.ClusterBase
{
    private const int DefaultIntervalMs = 1000;

    private IClusterGrain Grain => grains.GetGrain<IClusterGrain>(0);

    /// <summary>Names the methods to <paramref name="binder"/>. The package asks for the generated base class here.</summary>
    public static void Bind(ServiceBinderBase binder, Cluster.ClusterBase? service) => Cluster.BindService(new CheckedBinder(binder), service);

    public override Task<Topology> GetTopology(GetTopologyRequest request, ServerCallContext context) => TopologyAsync(context.CancellationToken);

    public override async Task WatchTopology(WatchTopologyRequest request, IServerStreamWriter<Topology> responseStream, ServerCallContext context)
    {
        new RequestCheck().Require(request.IntervalMs is 0 or (>= 100 and <= 60_000), "interval_ms", $"is {request.IntervalMs}; expected 0 or a value in [100, 60000]").Throw();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(request.IntervalMs == 0 ? DefaultIntervalMs : request.IntervalMs), time);
        var last = default(Topology);
        do
        {
            var topology = await TopologyAsync(context.CancellationToken);
            if (last is null || !topology.Silos.Equals(last.Silos))
            {
                last = topology;
                await responseStream.WriteAsync(topology, context.CancellationToken);
            }
        }
        while (await timer.WaitForNextTickAsync(context.CancellationToken));
    }

    public override async Task<ListLocationsResponse> ListSessions(ListLocationsRequest request, ServerCallContext context)
    {
        var response = new ListLocationsResponse();
        var sessions = await failover.CallAsync(() => Grain.ListSessionsAsync(context.CancellationToken), context.CancellationToken);
        response.Sessions.AddRange(sessions.Select(MoveMapping.ToWire));
        return response;
    }

    public override async Task<MoveReport> Move(MoveRequest request, ServerCallContext context)
    {
        new RequestCheck().SessionId(request.SessionId).Throw();
        var target = request.Target.Length == 0 ? null : request.Target;
        return (await Grain.MoveAsync(request.SessionId, target, context.CancellationToken)).ToWire();
    }

    public override async Task Drain(DrainRequest request, IServerStreamWriter<MoveReport> responseStream, ServerCallContext context)
    {
        new RequestCheck().Require(request.Silo.Length > 0, "silo", "is not set; expected the name or address of a silo").Throw();
        await foreach (var report in Grain.DrainAsync(request.Silo, context.CancellationToken).WithCancellation(context.CancellationToken))
        {
            await responseStream.WriteAsync(report.ToWire(), context.CancellationToken);
        }
    }

    public override async Task<UndrainResponse> Undrain(UndrainRequest request, ServerCallContext context)
    {
        await Grain.UndrainAsync(request.Silo, context.CancellationToken);
        return new UndrainResponse();
    }

    public override async Task<PlanResponse> Plan(PlanRequest request, ServerCallContext context)
    {
        new RequestCheck()
            .Require(request.Stages is >= 0 and <= 1024, "stages", $"is {request.Stages}; expected 0 or a value in [1, 1024]")
            .Require(request.Stages == 0 || request.Model.Length > 0, "model", "is not set; expected the name of the model that is to be cut into stages")
            .Throw();
        var model = request.Model.Length == 0 ? null : request.Model;
        var query = new PlanQuery { Model = model, Stages = request.Stages == 0 ? null : request.Stages };
        var grain = grains.GetGrain<IPlanGrain>(0);
        var plan = await failover.CallAsync(
            () => request.Apply ? grain.ApplyAsync(query, context.CancellationToken) : grain.PreviewAsync(query, context.CancellationToken), context.CancellationToken);
        return plan.ToWire(request.Apply ? query : null);
    }

    private async Task<Topology> TopologyAsync(CancellationToken cancellationToken) =>
        (await failover.CallAsync(() => Grain.GetTopologyAsync(cancellationToken), cancellationToken)).ToWire();
}
