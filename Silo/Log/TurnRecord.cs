using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log;

/// <summary>What the log keeps of a turn. With the tokens before it, this determines every token that it generates (promise 2).</summary>
public sealed record TurnRecord
{
    public required string TurnId { get; init; }

    public TurnState State { get; init; }

    /// <summary>Position of the first appended token.</summary>
    public required int StartPosition { get; init; }

    public required int PromptTokens { get; init; }

    public required TurnParameters Parameters { get; init; }

    /// <summary>Fingerprint of the model that ran it.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Kind of device that ran it: another kind may go on differently from the first token that is not logged.</summary>
    public required string BackendKind { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>SHA-256 of the command, [32]; null without a key.</summary>
    public byte[]? CommandHash { get; init; }

    public required DateTimeOffset CreateTime { get; init; }

    /// <summary>Null while active.</summary>
    public TurnEnd? End { get; init; }

    /// <summary>Where generation begins.</summary>
    public int GenerationStart => StartPosition + PromptTokens;
}
