using OrleansLM.Engine.Sampling;

namespace OrleansLM.Silo.Log;

/// <summary>Every parameter that was in force for a turn, defaults and picked seed included. Persisted as JSON: add members, never rename them.</summary>
public sealed record TurnParameters
{
    public required SamplingParameters Sampling { get; init; }

    public required StopConditions Stop { get; init; }

    /// <summary>Alternatives to report for each appended token; null reports nothing.</summary>
    public int? PromptLogProbs { get; init; }

    /// <summary>The turn ends when its caller goes away; a crash counts as that.</summary>
    public bool CancelOnDisconnect { get; init; }
}
