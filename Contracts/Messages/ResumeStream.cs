namespace OrleansLM.Contracts.Messages;

/// <summary>Asks for the events of a turn from an offset on.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ResumeStream")]
public sealed record ResumeStream
{
    /// <summary>Null: the latest.</summary>
    [Id(0)]
    public string? TurnId { get; init; }

    /// <summary>Position of the first token wanted.</summary>
    [Id(1)]
    public required int FromOffset { get; init; }

    /// <summary>What the reader calls this stream; see <see cref="Grains.ISessionGrain.HasStreamAsync"/>.</summary>
    [Id(2)]
    public string? StreamId { get; init; }
}
