using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Silo.Stages;

/// <summary>What a model asks of the planner, from its folder.</summary>
internal static class PipelineRequests
{
    /// <param name="pipeline"><c>silo/model</c>.</param>
    /// <param name="head">The silo of the first stage.</param>
    /// <param name="checkpoint">Its sizes are read, its weights not touched.</param>
    /// <param name="stateBytes">Keys and values, or recurrent states, of all layers: the whole pool.</param>
    public static PipelineRequest Of(string pipeline, ILocalSiloDetails head, Checkpoint checkpoint, long stateBytes)
    {
        var config = checkpoint.Config;
        return new PipelineRequest
        {
            Pipeline = pipeline,
            Head = head.SiloAddress.ToParsableString(),
            Model = checkpoint.Name,
            Fingerprint = checkpoint.Fingerprint,
            LayerBytes = Enumerable.Range(0, config.LayerCount).Select(layer => BytesOf(checkpoint, layer)).ToArray(),
            StateBytesPerLayer = stateBytes / config.LayerCount,
            EmbeddingBytes = checkpoint.SizeInBytes(new WeightId(WeightRole.TokenEmbedding, -1)),
            OutputBytes = checkpoint.SizeInBytes(new WeightId(config.TiedEmbeddings ? WeightRole.TokenEmbedding : WeightRole.Output, -1)),
        };
    }

    private static long BytesOf(Checkpoint checkpoint, int layer) => WeightCatalog.OfStage(checkpoint.Config, new LayerRange(layer, layer + 1))
        .Where(id => id.Layer == layer).Sum(checkpoint.SizeInBytes);
}
