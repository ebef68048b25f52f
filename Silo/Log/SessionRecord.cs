using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Log;

/// <summary>What the log keeps of a session beside its tokens, turns and checkpoints.</summary>
public sealed record SessionRecord
{
    public required string SessionId { get; init; }

    public required string Model { get; init; }

    public required DateTimeOffset CreateTime { get; init; }

    public required DateTimeOffset UpdateTime { get; init; }

    /// <summary>Null: for ever.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Set exactly when <see cref="TimeToLive"/> is.</summary>
    public DateTimeOffset? ExpireTime { get; init; }

    public string Tenant { get; init; } = "";

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public SamplingSettings SamplingDefaults { get; init; } = new();

    public StopSettings StopDefaults { get; init; } = new();

    public string? ParentSessionId { get; init; }

    public int ParentPosition { get; init; }

    /// <summary>Tokens of ended turns and, once an unfinished turn has generated any, its prompt and what was logged of its answer.</summary>
    public int Length { get; init; }

    /// <summary>The turn that is not ended, or null.</summary>
    public string? ActiveTurnId { get; init; }

    public string? LastTurnId { get; init; }
}
