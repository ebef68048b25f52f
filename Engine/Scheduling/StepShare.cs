namespace OrleansLM.Engine.Scheduling;

/// <summary>The rows that a turn gets in a step.</summary>
/// <param name="Turn">Index into <see cref="SchedulerState.Running"/>.</param>
/// <param name="Rows">1 or more.</param>
public readonly record struct StepShare(int Turn, int Rows);
