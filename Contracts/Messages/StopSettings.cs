namespace OrleansLM.Contracts.Messages;

/// <summary>What ends a generation, as a caller wrote it: null takes the session's default.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.StopSettings")]
public sealed record StopSettings
{
    [Id(0)]
    public int? MaxTokens { get; init; }

    [Id(1)]
    public IReadOnlyList<string>? Stop { get; init; }

    [Id(2)]
    public IReadOnlyList<int>? StopTokenIds { get; init; }

    [Id(3)]
    public bool? IgnoreEos { get; init; }
}
