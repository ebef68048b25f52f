using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Archives;

/// <summary>What an archive says of its session. Persisted as JSON: add members, never rename them; those that an older archive lacks keep their defaults.</summary>
public sealed record ArchiveHeader
{
    /// <summary>The session it was made of.</summary>
    public required string SessionId { get; init; }

    public required string Model { get; init; }

    /// <summary>Fingerprint of the model's weights and config.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Tokens.</summary>
    public required int Length { get; init; }

    /// <summary>Bytes of the tokens as <see cref="TokenBlob"/>.</summary>
    public required int TokenBytes { get; init; }

    /// <summary>A stored state follows the tokens.</summary>
    public required bool HasState { get; init; }

    public required DateTimeOffset CreateTime { get; init; }

    public TimeSpan? TimeToLive { get; init; }

    public string Tenant { get; set; } = "";

    public Dictionary<string, string> Metadata { get; set; } = [];

    public SamplingSettings SamplingDefaults { get; set; } = new();

    public StopSettings StopDefaults { get; set; } = new();

    public List<CheckpointInfo> Checkpoints { get; set; } = [];

    /// <summary>Its turns, oldest first, with their idempotency keys: a request that was answered before is not answered anew elsewhere. Version 1 had none.</summary>
    public List<TurnRecord> Turns { get; set; } = [];
}
