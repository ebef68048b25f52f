namespace OrleansLM.Engine.Runtime;

/// <summary>Load and memory of an engine at one moment.</summary>
public readonly record struct EngineStatus
{
    public required int RunningTurns { get; init; }

    public required int WaitingTurns { get; init; }

    /// <summary>Sequences that exist, computed or not.</summary>
    public required int Sequences { get; init; }

    /// <summary>Pages (or slots) in use, shared ones counted once.</summary>
    public required int PagesUsed { get; init; }

    public required int PagesTotal { get; init; }

    /// <summary>Pages that are free and still hold the state of a beginning that may come again.</summary>
    public int PagesCached { get; init; }

    /// <summary>Steps run since start.</summary>
    public required long Steps { get; init; }

    public required long PrefilledTokens { get; init; }

    /// <summary>Tokens whose state was found instead of computed.</summary>
    public long ReusedTokens { get; init; }

    public required long GeneratedTokens { get; init; }

    /// <summary>Times a sequence's state was dropped to make room.</summary>
    public required long Evictions { get; init; }
}
