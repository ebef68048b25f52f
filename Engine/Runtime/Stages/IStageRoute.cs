namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Knows where the stages of a pipeline live; asked before the first connection and again after each loss, when one may have been started elsewhere.</summary>
public interface IStageRoute
{
    /// <summary>The stages after the first, in order.</summary>
    /// <param name="lost">Why the last connection was lost; null at first.</param>
    /// <param name="cancellation">The engine stops.</param>
    /// <exception cref="Exception">They are not known now: asked again later.</exception>
    Task<IReadOnlyList<StageHop>> FindAsync(string? lost, CancellationToken cancellation);
}
