namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>What a recorded step is good for.</summary>
/// <param name="Body">Whose step.</param>
/// <param name="IsHead">Its head, or its layers.</param>
/// <param name="Rows">Rows, padding included.</param>
/// <param name="LogitRows">Head: rows of logits, padding included.</param>
/// <param name="Splits">Parts that attention cuts the longest sequence into.</param>
/// <param name="Hidden">Address of the residual stream.</param>
internal readonly record struct StepKey(IStepBody Body, bool IsHead, int Rows, int LogitRows, int Splits, ulong Hidden);
