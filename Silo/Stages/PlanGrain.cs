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

    public async Task<PlanInfo> PreviewAsync(PlanQuery query, CancellationToken cancellationToken = default)
    {
        if (query.Stages is not null && query.Model is null)
        {
            throw OrleansLMException.Invalid("model", "is not set; expected the name of the model that is to be cut into stages");
        }

        var devices = await DevicesAsync(cancellationToken);
        var requests = devices.SelectMany(device => device.Replicas.Concat(device.Pipelines)).ToArray();
        var chosen = Choose(requests, query.Model);
        var asked = requests.Select(request => query.Stages is { } stages && chosen.Contains(request.Pipeline) ? request with { Stages = stages } : request);
        var plan = Plan(devices, asked.ToArray(), query.Stages is null ? [] : chosen);
        return plan with { Pipelines = plan.Pipelines.Where(pipeline => chosen.Contains(pipeline.Pipeline)).ToArray() };
    }

    public async Task<PipelinePlacement> PlaceAsync(PipelineRequest request, CancellationToken cancellationToken = default)
    {
        var devices = await DevicesAsync(cancellationToken);
        var others = devices.SelectMany(device => device.Replicas.Concat(device.Pipelines)).Where(other => other.Pipeline != request.Pipeline);
        return Plan(devices, others.Append(request).ToArray(), []).Pipelines.Single(pipeline => pipeline.Pipeline == request.Pipeline);
    }

    public async Task<PlanInfo> ApplyAsync(PlanQuery query, CancellationToken cancellationToken = default)
    {
        var plan = await PreviewAsync(query, cancellationToken);
        if (query.Stages is { } stages)
        {
            RequireCuttable(stages, plan);
        }

        foreach (var pipeline in plan.Pipelines.Where(pipeline => pipeline.ConnectsAnew(query)))
        {
            await GrainFactory.GetGrain<IStageGrain>(pipeline.Stages[0].Silo).RerouteAsync(pipeline.Pipeline, pipeline.Stages, cancellationToken);
        }

        return plan;
    }

    private static void RequireCuttable(int stages, PlanInfo plan)
    {
        if (stages < 2)
        {
            throw OrleansLMException.Invalid("stages", $"is {stages}; expected [2, 1024]: a model of one stage is not spread over silos, which is a matter of Serving:Models:*:Pipeline and a restart of its silo");
        }

        foreach (var pipeline in plan.Pipelines)
        {
            if (plan.Devices.FirstOrDefault(device => device.Replicas.Any(replica => replica.Pipeline == pipeline.Pipeline)) is { } silo)
            {
                throw new OrleansLMException(
                    ErrorCode.FailedPrecondition, $"{pipeline.Pipeline} is loaded whole by silo {silo.Name} and not spread over silos; set Serving:Models:*:Pipeline:Stages there and restart it")
                {
                    Field = "model",
                    Reason = "MODEL_NOT_SPREAD",
                };
            }
        }
    }

    /// <summary>The pipelines of the model, by the name that callers use or its folder's.</summary>
    private static HashSet<string> Choose(PipelineRequest[] requests, string? model)
    {
        var chosen = requests.Where(request => model is null || request.Model == model || Served(request) == model).Select(request => request.Pipeline).ToHashSet(StringComparer.Ordinal);
        return model is null || chosen.Count > 0 ? chosen : throw new OrleansLMException(
            ErrorCode.NotFound, $"no silo serves a model '{model}'; served: {(requests.Length == 0 ? "none" : string.Join(", ", requests.Select(Served).Distinct().Order(StringComparer.Ordinal)))}")
        {
            Field = "model",
            Reason = "MODEL_NOT_LOADED",
        };
    }

    private static string Served(PipelineRequest request) => request.Pipeline[(request.Pipeline.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static PlanInfo Plan(StageDevice[] devices, PipelineRequest[] requests, HashSet<string> anew)
    {
        var addresses = devices.ToDictionary(device => device.Silo, device => device.LinkAddress, StringComparer.Ordinal);
        var byName = requests.ToDictionary(request => request.Pipeline, StringComparer.Ordinal);
        var plan = ClusterPlanner.Plan(devices.Select(PlanViews.Of), requests.Select(request => PlanViews.Of(request, anew.Contains(request.Pipeline))));
        return new PlanInfo
        {
            Devices = devices.Select(device => device with { FreeBytes = device.Bytes - plan.Pipelines.SelectMany(pipeline => pipeline.Stages).Where(stage => stage.Device == device.Silo).Sum(stage => stage.Bytes) }).ToArray(),
            Pipelines = plan.Pipelines.Select(pipeline => PlanViews.Of(pipeline, byName[pipeline.Name], addresses)).ToArray(),
        };
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
