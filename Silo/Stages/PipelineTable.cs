using System.Collections.Concurrent;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Stages;

/// <summary>The pipelines that begin on this silo: what they ask for, and where their stages are.</summary>
public sealed class PipelineTable
{
    private readonly ConcurrentDictionary<string, PipelineRequest> _requests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Action> _reroutes = new(StringComparer.Ordinal);

    public IReadOnlyList<PipelineRequest> Requests => [.. _requests.Values.OrderBy(request => request.Pipeline, StringComparer.Ordinal)];

    public PipelineRequest? Find(string pipeline) => _requests.GetValueOrDefault(pipeline);

    public void Set(PipelineRequest request) => _requests[request.Pipeline] = request;

    public void SetReroute(string pipeline, Action reroute) => _reroutes[pipeline] = reroute;

    /// <summary>Where the pipeline is now; what was planned for it has come true, unless something else was planned meanwhile.</summary>
    public void Placed(PipelineRequest request, StagePlace[] stages) => _requests.AddOrUpdate(
        request.Pipeline,
        _ => request with { Current = stages, Planned = null },
        (_, known) => known with { Current = stages, Planned = ReferenceEquals(known.Planned, request.Planned) ? null : known.Planned });

    /// <param name="pipeline">Which.</param>
    /// <param name="stages">Where it is to run then; null: where the plan has it.</param>
    /// <returns>False when no such pipeline begins here, or it is not connected yet.</returns>
    public bool Reroute(string pipeline, StagePlace[]? stages = null)
    {
        if (stages is not null && Find(pipeline) is { } request)
        {
            Set(request with { Stages = stages.Length, Planned = stages });
        }

        var found = _reroutes.TryGetValue(pipeline, out var reroute);
        reroute?.Invoke();
        return found;
    }
}
