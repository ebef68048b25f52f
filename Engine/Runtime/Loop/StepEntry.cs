using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>A turn's part in a step.</summary>
/// <param name="Turn">Whose rows they are.</param>
/// <param name="Version">The turn's <see cref="EngineTurn.Version"/> when the step was filled.</param>
/// <param name="Count">Rows.</param>
/// <param name="End">Position after the last row.</param>
internal readonly record struct StepEntry(EngineTurn Turn, int Version, int Count, int End)
{
    /// <summary>False when the turn is over or lost its state since.</summary>
    public bool IsCurrent => Turn.IsAt(Version);
}
