namespace OrleansLM.Contracts.Messages;

/// <summary>How busy a silo is.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.SiloLoad")]
public sealed record SiloLoad
{
    [Id(0)]
    public required int RunningTurns { get; init; }

    [Id(1)]
    public required int WaitingTurns { get; init; }

    /// <summary>Sessions in memory.</summary>
    [Id(2)]
    public required int Sessions { get; init; }

    /// <summary>[0, 1]: pages in use, of the model that has the fewest left.</summary>
    [Id(3)]
    public required double PagesUsed { get; init; }

    /// <summary>Takes no sessions.</summary>
    [Id(4)]
    public required bool IsDraining { get; init; }

    /// <summary>Where it stands; empty when it was not said.</summary>
    [Id(5)]
    public required string Zone { get; init; }

    /// <summary>Keys of the beginnings that sessions there had lately.</summary>
    [Id(6)]
    public required ulong[] Beginnings { get; init; }

    [Id(7)]
    public ServedModel[] Models { get; init; } = Array.Empty<ServedModel>();
}
