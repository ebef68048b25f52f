namespace OrleansLM.Engine.Scheduling;

/// <summary>A sequence whose state may be dropped: it is idle, or its turn is paused or waiting.</summary>
/// <param name="ExclusivePages">Pages that nobody else shares: what dropping it alone gives back.</param>
public readonly record struct EvictableView(int ExclusivePages);
