namespace OrleansLM.Engine.Scheduling;

/// <summary>The scheduler's answer.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Index">Index into the list of <see cref="SchedulerState"/> that <paramref name="Kind"/> speaks of; -1 for Idle and Step.</param>
public readonly record struct Decision(DecisionKind Kind, int Index = -1);
