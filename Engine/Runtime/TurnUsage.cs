namespace OrleansLM.Engine.Runtime;

/// <summary>What a turn cost.</summary>
public sealed record TurnUsage
{
    /// <summary>Tokens appended by the caller.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens computed by prefill: the appended ones and any rebuilt state.</summary>
    public required int PrefilledTokens { get; init; }

    /// <summary>Tokens whose state another sequence, or this one at an earlier time, had computed: see <see cref="EngineOptions.PrefixCaching"/>.</summary>
    public int ReusedTokens { get; init; }

    public required int GeneratedTokens { get; init; }

    /// <summary>From submission to the first step that held a row of the turn.</summary>
    public required TimeSpan QueueTime { get; init; }

    /// <summary>From submission to the first generated token; zero when none was.</summary>
    public required TimeSpan TimeToFirstToken { get; init; }

    /// <summary>From submission to the end.</summary>
    public required TimeSpan TotalTime { get; init; }
}
