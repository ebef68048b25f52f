namespace OrleansLM.Contracts.Messages;

/// <summary>A page of sessions, newest first.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SessionPage")]
public sealed record SessionPage
{
    [Id(0)]
    public required IReadOnlyList<SessionInfo> Sessions { get; init; }

    /// <summary>Null at the end.</summary>
    [Id(1)]
    public string? NextPageToken { get; init; }
}
