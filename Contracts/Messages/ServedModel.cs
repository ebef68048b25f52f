namespace OrleansLM.Contracts.Messages;

/// <summary>A model that a silo serves.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ServedModel")]
public sealed record ServedModel
{
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Of its weights and config.</summary>
    [Id(1)]
    public required string Fingerprint { get; init; }
}
