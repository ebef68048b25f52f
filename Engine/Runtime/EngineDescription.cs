using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Runtime;

/// <summary>What an engine loaded and where it lies; constant for its life.</summary>
public sealed record EngineDescription
{
    /// <summary>Model name: the folder's.</summary>
    public required string ModelName { get; init; }

    /// <summary>Hash of config, tensor names, shapes and contents' sample: two engines with the same fingerprint hold the same weights.</summary>
    public required string Fingerprint { get; init; }

    public required long ParameterCount { get; init; }

    public required long WeightBytes { get; init; }

    /// <summary>Layers of each stage, in order.</summary>
    public required IReadOnlyList<LayerRange> Stages { get; init; }

    /// <summary><see cref="Backends.IBackend.Description"/>.</summary>
    public required string Backend { get; init; }

    /// <summary><see cref="Backends.IBackend.Kind"/>, and for recurrent models the chunk length of their states where it is more than 1.</summary>
    public required string BackendKind { get; init; }

    /// <summary>Paged models: bytes of keys and values per token, all layers. 0 for recurrent models.</summary>
    public required long StateBytesPerToken { get; init; }

    /// <summary>Recurrent models: bytes of a sequence's state, all layers. 0 for paged models.</summary>
    public required long StateBytesPerSequence { get; init; }

    /// <summary>Recurrent models: the part of <see cref="StateBytesPerSequence"/> that holds the keys and values of the open chunk.</summary>
    public long OpenChunkBytesPerSequence { get; init; }

    /// <summary>Recurrent models: <see cref="EngineOptions.StateChunkTokens"/>. 0 for paged models.</summary>
    public int StateChunkTokens { get; init; }

    /// <summary>Element type of keys and values.</summary>
    public required DataType StateType { get; init; }

    public required int PageTokens { get; init; }

    /// <summary>Pages of the pool; for recurrent models, slots.</summary>
    public required int PageCount { get; init; }
}
