using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>A command with everything decided: what it appends and every parameter in force.</summary>
internal sealed record TurnPlan(int[] Prompt, TurnParameters Parameters);
