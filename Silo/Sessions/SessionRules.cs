using OrleansLM.Contracts;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>What a session may be called and carry (sessions.proto).</summary>
internal static class SessionRules
{
    private const int MaxTenantLength = 64;
    private const int MaxMetadata = 32;
    private const int MaxMetadataKeyLength = 64;
    private const int MaxMetadataValueLength = 512;
    private static readonly TimeSpan s_shortestTimeToLive = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestTimeToLive = TimeSpan.FromDays(36_500);

    public static void Check(string sessionId, CreateSession request, HostedModel model)
    {
        CheckId(sessionId, "session_id");
        SettingsRules.Check(request.SamplingDefaults, "sampling_defaults", model.VocabularySize);
        SettingsRules.Check(request.StopDefaults, "stop_defaults", model.VocabularySize);
        if (request.TimeToLive is { } ttl && (ttl < s_shortestTimeToLive || ttl > s_longestTimeToLive))
        {
            throw OrleansLMException.Invalid("ttl", $"is {ttl}; expected a duration in [{s_shortestTimeToLive}, {s_longestTimeToLive}]");
        }

        if (request.Tenant.Length > MaxTenantLength)
        {
            throw OrleansLMException.Invalid("tenant", $"has {request.Tenant.Length} characters; expected {MaxTenantLength} at most");
        }

        CheckMetadata(request.Metadata);
    }

    public static void CheckId(string sessionId, string field)
    {
        if (!SessionNames.IsSessionId(sessionId))
        {
            throw OrleansLMException.Invalid(field, $"is '{sessionId}'; expected 1 to {SessionNames.MaxSessionIdLength} characters of [A-Za-z0-9._-]");
        }
    }

    public static void CheckMetadata(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count > MaxMetadata)
        {
            throw OrleansLMException.Invalid("metadata", $"has {metadata.Count} entries; expected {MaxMetadata} at most");
        }

        foreach (var (key, value) in metadata)
        {
            if (key.Length is 0 or > MaxMetadataKeyLength)
            {
                throw OrleansLMException.Invalid($"metadata[{key}]", $"the key has {key.Length} characters; expected 1 to {MaxMetadataKeyLength}");
            }

            if (value.Length > MaxMetadataValueLength)
            {
                throw OrleansLMException.Invalid($"metadata[{key}]", $"has {value.Length} characters; expected {MaxMetadataValueLength} at most");
            }
        }
    }

    public static void CheckCheckpointName(string name)
    {
        if (!SessionNames.IsCheckpoint(name))
        {
            throw OrleansLMException.Invalid("name", $"is '{name}'; expected 1 to {SessionNames.MaxCheckpointLength} characters of [A-Za-z0-9._-]");
        }
    }

    /// <summary>Resolves a position that may count from the end.</summary>
    /// <exception cref="OrleansLMException">OutOfRange.</exception>
    public static int Position(int position, int length, string field)
    {
        var absolute = position < 0 ? length + (long)position : position;
        return absolute >= 0 && absolute <= length ? (int)absolute : throw new OrleansLMException(
            ErrorCode.OutOfRange, $"{field}: is {position}; the session has {length} tokens, expected a value in [-{length}, {length}]")
        {
            Field = field,
        };
    }
}
