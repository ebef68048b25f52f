namespace OrleansLM.Engine.State;

/// <summary>How a recurrent sequence keeps earlier states for rollback.</summary>
/// <param name="IntervalTokens">
/// A checkpoint is taken at the end of a step that reaches or passes a multiple of this. The engine ends the steps of such a sequence at the multiples, so
/// that checkpoints lie exactly there.
/// </param>
/// <param name="MaxCheckpoints">Slots a sequence may hold for them; beyond, the oldest are thinned out first. 0: none, a rollback computes anew.</param>
public readonly record struct CheckpointPolicy(int IntervalTokens, int MaxCheckpoints)
{
    public static CheckpointPolicy None => new(int.MaxValue, 0);
}
