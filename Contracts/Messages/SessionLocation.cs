namespace OrleansLM.Contracts.Messages;

/// <summary>A session in the memory of a silo.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SessionLocation")]
public sealed record SessionLocation
{
    [Id(0)]
    public required string SessionId { get; init; }

    [Id(1)]
    public required string Model { get; init; }

    [Id(2)]
    public required int Length { get; init; }

    /// <summary>Tokens whose state is in memory.</summary>
    [Id(3)]
    public required int ComputedLength { get; init; }

    /// <summary>A turn runs now.</summary>
    [Id(4)]
    public required bool IsRunning { get; init; }

    /// <summary>Name of its silo.</summary>
    [Id(5)]
    public required string Silo { get; init; }

    /// <summary>Address of its silo.</summary>
    [Id(6)]
    public required string Address { get; init; }
}
