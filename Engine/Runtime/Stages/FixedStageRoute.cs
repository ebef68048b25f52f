namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Stages that were named once: one that is lost is expected to come back where it was.</summary>
public sealed class FixedStageRoute(IReadOnlyList<StageHop> hops) : IStageRoute
{
    public Task<IReadOnlyList<StageHop>> FindAsync(string? lost, CancellationToken cancellation) => Task.FromResult(hops);
}
