using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Planning;

/// <summary>What a model takes, layer by layer.</summary>
public sealed record ModelView
{
    public required string Name { get; init; }

    public required string Fingerprint { get; init; }

    /// <summary>Weights of each layer.</summary>
    public required IReadOnlyList<long> LayerBytes { get; init; }

    /// <summary>Keys and values (or recurrent states) of one layer, the whole pool.</summary>
    public required long StateBytesPerLayer { get; init; }

    /// <summary>The embedding: memory of the first stage; a step reads next to nothing of it.</summary>
    public required long EmbeddingBytes { get; init; }

    /// <summary>Final norm and vocabulary projection: memory and time of the last stage.</summary>
    public required long OutputBytes { get; init; }

    public int LayerCount => LayerBytes.Count;

    /// <summary>Memory of a stage.</summary>
    public long MemoryOf(LayerRange layers) =>
        ReadBy(layers) + (StateBytesPerLayer * layers.Count) + (layers.Start == 0 ? EmbeddingBytes : 0);

    /// <summary>Bytes that a step of the stage reads.</summary>
    public long ReadBy(LayerRange layers)
    {
        var bytes = layers.End == LayerCount ? OutputBytes : 0;
        for (var layer = layers.Start; layer < layers.End; layer++)
        {
            bytes += LayerBytes[layer];
        }

        return bytes;
    }
}
