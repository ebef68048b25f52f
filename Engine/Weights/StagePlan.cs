using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights;

/// <summary>What one pipeline stage needs.</summary>
public sealed record StagePlan
{
    public required LayerRange Layers { get; init; }

    /// <summary>Weights of the layers; the first stage also holds the embedding, the last one the final norm and the output head.</summary>
    public required long WeightBytes { get; init; }

    public required long Parameters { get; init; }

    /// <summary>Keys and values per token of context; 0 for recurrent models.</summary>
    public required long StateBytesPerToken { get; init; }

    /// <summary>Recurrent state of one session; 0 for attention models.</summary>
    public required long StateBytesPerSession { get; init; }

    /// <summary>The part of <see cref="StateBytesPerSession"/> that holds the keys and values of the open chunk.</summary>
    public required long OpenChunkBytesPerSession { get; init; }

    /// <summary>State of one session at the model's full context: whole pages, and no more of them than a sliding window can see.</summary>
    public required long StateBytesAtFullContext { get; init; }

    /// <summary>Weights and one session at full context.</summary>
    public long TotalBytes => WeightBytes + StateBytesAtFullContext;
}
