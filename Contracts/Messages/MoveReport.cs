namespace OrleansLM.Contracts.Messages;

/// <summary>How a session came from one silo to another.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.MoveReport")]
public sealed record MoveReport
{
    [Id(0)]
    public required string SessionId { get; init; }

    /// <summary>Address of the silo that it left.</summary>
    [Id(1)]
    public required string From { get; init; }

    /// <summary>Address of the silo that it is on; empty when it went to sleep instead.</summary>
    [Id(2)]
    public required string To { get; init; }

    /// <summary>Tokens of the session at the move.</summary>
    [Id(3)]
    public required int Length { get; init; }

    /// <summary>The turn that was carried along; null when none ran.</summary>
    [Id(4)]
    public string? TurnId { get; init; }

    /// <summary>From the last token on the old silo until the turn could go on on the new one; zero without a turn.</summary>
    [Id(5)]
    public required TimeSpan Pause { get; init; }

    /// <summary>All of it.</summary>
    [Id(6)]
    public required TimeSpan Duration { get; init; }

    /// <summary>Why it stayed where it was; null when it did not.</summary>
    [Id(7)]
    public string? Failure { get; init; }

    /// <summary>Tokens whose state was copied before the pause; the others are computed again.</summary>
    [Id(8)]
    public int Carried { get; init; }
}
