using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Archives;

/// <summary>What an archive says of its session. Persisted as JSON: add members, never rename them.</summary>
public sealed record ArchiveHeader
{
    /// <summary>The session it was made of.</summary>
    public required string SessionId { get; init; }

    public required string Model { get; init; }

    /// <summary>Fingerprint of the model's weights and config.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Tokens.</summary>
    public required int Length { get; init; }

    /// <summary>Bytes of the tokens as <see cref="Log.TokenBlob"/>.</summary>
    public required int TokenBytes { get; init; }

    /// <summary>A stored state follows the tokens.</summary>
    public required bool HasState { get; init; }

    public required DateTimeOffset CreateTime { get; init; }

    public TimeSpan? TimeToLive { get; init; }

    public string Tenant { get; init; } = "";

    public Dictionary<string, string> Metadata { get; init; } = [];

    public SamplingSettings SamplingDefaults { get; init; } = new();

    public StopSettings StopDefaults { get; init; } = new();

    public List<CheckpointInfo> Checkpoints { get; init; } = [];
}
