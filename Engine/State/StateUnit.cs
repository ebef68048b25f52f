namespace OrleansLM.Engine.State;

/// <summary>A page or slot of a sequence and what it holds.</summary>
/// <param name="Unit">Id in the pool; -1: none was taken for it.</param>
/// <param name="Position">Page: position of its first token. Slot: number of tokens whose state it holds.</param>
public readonly record struct StateUnit(int Unit, int Position);
