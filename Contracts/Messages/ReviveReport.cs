namespace OrleansLM.Contracts.Messages;

/// <summary>Where a session is now.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.ReviveReport")]
public sealed record ReviveReport
{
    /// <summary>Address of its silo.</summary>
    [Id(0)]
    public required string Silo { get; init; }

    /// <summary>A turn goes on there.</summary>
    [Id(1)]
    public required bool IsRunning { get; init; }
}
