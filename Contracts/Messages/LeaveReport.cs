namespace OrleansLM.Contracts.Messages;

/// <summary>How a session stood when it left a silo.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.LeaveReport")]
public sealed record LeaveReport
{
    [Id(0)]
    public required int Length { get; init; }

    /// <summary>The turn that was interrupted; null when none ran.</summary>
    [Id(1)]
    public string? TurnId { get; init; }
}
