namespace OrleansLM.Contracts.Messages;

/// <summary>Ids and the vocabulary's pieces.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.TokenizeResult")]
public sealed record TokenizeResult
{
    [Id(0)]
    public required IReadOnlyList<int> Ids { get; init; }

    [Id(1)]
    public required IReadOnlyList<string> Pieces { get; init; }
}
