namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>A stage that is loaded in this process.</summary>
/// <param name="Stage">What it consists of.</param>
/// <param name="Epoch">Of its last connection; 0 before the first.</param>
/// <param name="IsConnected">An engine uses it now.</param>
/// <param name="Steps">Steps it has run.</param>
/// <param name="Busy">Time it has computed.</param>
/// <param name="Bytes">Weights, state and workspace.</param>
public sealed record StageInUse(StageAssignment Stage, long Epoch, bool IsConnected, long Steps, TimeSpan Busy, long Bytes);
