using System.Text.Json.Serialization;

namespace OrleansLM.Contracts.Messages;

/// <summary>Starts a turn: appends input and, unless <see cref="AppendOnly"/>, generates.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.TurnCommand")]
public sealed record TurnCommand
{
    [Id(0)]
    public required ModelInput Input { get; init; }

    /// <summary>Prefill only.</summary>
    [Id(1)]
    public bool AppendOnly { get; init; }

    [Id(2)]
    public SamplingSettings Sampling { get; init; } = new();

    [Id(3)]
    public StopSettings Stop { get; init; } = new();

    /// <summary>A second command with the same key joins the first one's turn.</summary>
    [Id(4)]
    public string? IdempotencyKey { get; init; }

    /// <summary>Alternatives to report for each appended token; null reports nothing.</summary>
    [Id(5)]
    public int? PromptLogProbs { get; init; }

    /// <summary>Refused unless the session has exactly this length.</summary>
    [Id(6)]
    public int? ExpectedLength { get; init; }

    [Id(7)]
    public DisconnectPolicy OnDisconnect { get; init; }

    /// <summary>What the reader calls this stream; see <see cref="Grains.ISessionGrain.HasStreamAsync"/>. No part of the command.</summary>
    [Id(8), JsonIgnore]
    public string? StreamId { get; init; }
}
