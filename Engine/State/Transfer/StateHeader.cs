using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.State.Transfer;

/// <summary>What a stored state is of. Persisted as JSON: add members, never rename them.</summary>
public sealed record StateHeader
{
    /// <summary>Format of header and units.</summary>
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary><see cref="Runtime.EngineDescription.Fingerprint"/>: weights, config and RoPE scaling with its constants.</summary>
    public required string Fingerprint { get; init; }

    /// <summary><see cref="Backends.IBackend.Kind"/>: another kind would go on with other last bits.</summary>
    public required string BackendKind { get; init; }

    /// <summary>True: slots with the whole state at a position. False: pages of keys and values.</summary>
    public required bool IsRecurrent { get; init; }

    /// <summary>Element type of keys and values; recurrent states are f32.</summary>
    public required DataType StateType { get; init; }

    /// <summary>Tokens per page; 0 for recurrent states.</summary>
    public required int PageTokens { get; init; }

    /// <summary>Bytes of one page or slot, all layers in order: pages hold a layer's keys, then its values; slots a layer's [H, D, D].</summary>
    public required int UnitBytes { get; init; }

    /// <summary>Pages hold the positions from here on, a multiple of <see cref="PageTokens"/> (or what a sliding window has kept of them). 0 for recurrent states.</summary>
    public required int From { get; init; }

    /// <summary>Tokens whose state this is: [0, To).</summary>
    public required int To { get; init; }

    /// <summary>
    /// One entry a unit, ascending: the position of a page's first token, or the tokens whose state a slot holds. Slots before the last one are the checkpoints that
    /// rollbacks start from.
    /// </summary>
    public required IReadOnlyList<int> Positions { get; init; }

    /// <summary>SHA-256 of the ids of [0, To) as little-endian int32, in hexadecimal.</summary>
    public required string TokenHash { get; init; }

    /// <summary>Bytes of all units.</summary>
    public long TotalBytes => (long)UnitBytes * Positions.Count;
}
