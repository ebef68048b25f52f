using Orleans;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Planning;

namespace OrleansLM.Silo.Stages;

/// <summary>Asks the silos what they have, lets the planner decide, answers. A silo that does not answer in time has no devices.</summary>
[Reentrant]
[PreferLocalPlacement]
public sealed class PlanGrain(IClusterMembershipService membership, TimeProvider time) : Grain, IPlanGrain
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public async Task<PlanInfo> PreviewAsync(CancellationToken cancellationToken = default)
    {
        var devices = await DevicesAsync(cancellationToken);
        return Plan(devices, devices.SelectMany(device => device.Pipelines));
    }

    public async Task<PipelinePlacement> PlaceAsync(PipelineRequest request, CancellationToken cancellationToken = default)
    {
        var devices = await DevicesAsync(cancellationToken);
        var others = devices.SelectMany(device => device.Pipelines).Where(other => other.Pipeline != request.Pipeline);
        return Plan(devices, others.Append(request)).Pipelines.Single(pipeline => pipeline.Pipeline == request.Pipeline);
    }

    public async Task<PlanInfo> ApplyAsync(CancellationToken cancellationToken = default)
    {
        var devices = await DevicesAsync(cancellationToken);
        var plan = Plan(devices, devices.SelectMany(device => device.Pipelines));
        foreach (var pipeline in plan.Pipelines.Where(pipeline => pipeline.Stages.Any(stage => stage.Change == nameof(StageChange.Moved))))
        {
            await GrainFactory.GetGrain<IStageGrain>(pipeline.Stages[0].Silo).RerouteAsync(pipeline.Pipeline, cancellationToken);
        }

        return plan;
    }

    private static PlanInfo Plan(StageDevice[] devices, IEnumerable<PipelineRequest> requests)
    {
        var addresses = devices.ToDictionary(device => device.Silo, device => device.LinkAddress, StringComparer.Ordinal);
        var plan = ClusterPlanner.Plan(devices.Select(PlanViews.Of), requests.Select(PlanViews.Of));
        return new PlanInfo { Devices = devices, Pipelines = plan.Pipelines.Select(pipeline => PlanViews.Of(pipeline, addresses)).ToArray() };
    }

    private async Task<StageDevice[]> DevicesAsync(CancellationToken cancellationToken)
    {
        var active = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active);
        var answers = await Task.WhenAll(active.Select(member => AskAsync(member.SiloAddress, cancellationToken)));
        return answers.OfType<StageDevice>().OrderBy(device => device.Name, StringComparer.Ordinal).ToArray();
    }

    private async Task<StageDevice?> AskAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        try
        {
            return await GrainFactory.GetGrain<IStageGrain>(silo.ToParsableString()).DescribeAsync(cancellationToken).WaitAsync(s_patience, time, cancellationToken);
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or OrleansLMException)
        {
            // Nothing is placed on a silo that does not answer.
            return null;
        }
    }
}
