namespace OrleansLM.Contracts.Messages;

/// <summary>A session as it stands; see Session in sessions.proto.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SessionInfo")]
public sealed record SessionInfo
{
    [Id(0)]
    public required string SessionId { get; init; }

    [Id(1)]
    public required string Model { get; init; }

    /// <summary>Tokens that are part of the session.</summary>
    [Id(2)]
    public required int Length { get; init; }

    [Id(3)]
    public required DateTimeOffset CreateTime { get; init; }

    [Id(4)]
    public required DateTimeOffset UpdateTime { get; init; }

    [Id(5)]
    public DateTimeOffset? ExpireTime { get; init; }

    [Id(6)]
    public required string Tenant { get; init; }

    [Id(7)]
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    [Id(8)]
    public required SamplingSettings SamplingDefaults { get; init; }

    [Id(9)]
    public required StopSettings StopDefaults { get; init; }

    [Id(10)]
    public required IReadOnlyList<CheckpointInfo> Checkpoints { get; init; }

    /// <summary>The turn that runs, or was interrupted and goes on when it is resumed.</summary>
    [Id(11)]
    public string? ActiveTurnId { get; init; }

    [Id(12)]
    public string? LastTurnId { get; init; }

    [Id(13)]
    public string? ParentSessionId { get; init; }

    [Id(14)]
    public int ParentPosition { get; init; }

    /// <summary>Tokens whose state is in memory.</summary>
    [Id(15)]
    public int ComputedLength { get; init; }

    /// <summary>Tokens whose state lies in a snapshot, as far as this silo knows.</summary>
    [Id(16)]
    public int SnapshotLength { get; init; }
}
