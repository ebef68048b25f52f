namespace OrleansLM.Engine.Runtime;

/// <summary>Before a step: copy page (or slot) <paramref name="From"/> to <paramref name="To"/> in every layer of every stage. From -1 clears the target.</summary>
public readonly record struct StateCopy(int From, int To);
