namespace OrleansLM.Contracts.Messages;

/// <summary>Opens a session whose id is the grain's key.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.CreateSession")]
public sealed record CreateSession
{
    /// <summary>Null: the only model.</summary>
    [Id(0)]
    public string? Model { get; init; }

    [Id(1)]
    public SamplingSettings SamplingDefaults { get; init; } = new();

    [Id(2)]
    public StopSettings StopDefaults { get; init; } = new();

    /// <summary>Null: the server's default.</summary>
    [Id(3)]
    public TimeSpan? TimeToLive { get; init; }

    [Id(4)]
    public string Tenant { get; init; } = "";

    [Id(5)]
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
