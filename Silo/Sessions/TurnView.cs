using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Sessions;

/// <summary>What a turn's buffer held at one moment. Later appends do not change it.</summary>
internal readonly ref struct TurnView
{
    public required ReadOnlySpan<TurnEntry> PromptLogProbs { get; init; }

    public required ReadOnlySpan<TurnEntry> Tokens { get; init; }

    /// <summary>Prefill: tokens computed, of <see cref="Total"/>; both 0 before the first report.</summary>
    public required int Computed { get; init; }

    public required int Total { get; init; }

    public required TurnEnd? End { get; init; }

    /// <summary>Held-back text that became final at the end.</summary>
    public required string EndText { get; init; }

    public required OrleansLMException? Failure { get; init; }
}
