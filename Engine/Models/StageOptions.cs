using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Models;

/// <summary>How much of everything a stage holds; all of it is allocated when the stage is loaded.</summary>
public sealed record StageOptions
{
    /// <summary>Pages of the pool, or slots for recurrent models; at least 1. The same for all stages of a replica.</summary>
    public required int StateUnits { get; init; }

    /// <summary>P.</summary>
    public int PageTokens { get; init; } = 64;

    /// <summary>Element type of keys and values; recurrent states are always f32.</summary>
    public DataType StateType { get; init; } = DataType.Float32;

    /// <summary>Recurrent models: tokens after which a state moves on; null: what the backend is fastest with. Another number gives other last bits.</summary>
    public int? StateChunkTokens { get; init; }

    /// <summary>Rows of a step at most.</summary>
    public int MaxRows { get; init; } = 512;

    /// <summary>Rows of logits that are in memory at a time; a step that asks for more gets them in blocks.</summary>
    public int MaxLogitRows { get; init; } = 64;

    /// <summary>Looks through all weights of the stage for NaN and infinity while loading; null: when they are at most <see cref="ValidatedBytes"/> together.</summary>
    public bool? ValidateWeights { get; init; }

    /// <summary>4 GiB: beyond, looking through the weights would be most of the time that a start takes.</summary>
    public const long ValidatedBytes = 4L << 30;
}
