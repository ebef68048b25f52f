using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cpu;

/// <summary>What a model's steps cannot do without.</summary>
internal sealed class ModelCost(ModelConfig config, IWeights weights)
{
    /// <summary>One token for each sequence: all weights but the embedding table, of which rows are read only, and what the sequences remember.</summary>
    public Work Decode(int sequences, int context)
    {
        var bytes = Weights(head: true) * weights.Get(new WeightId(WeightRole.Query, 0)).Type.SizeInBytes();
        return IsRecurrent
            ? new Work(bytes + 2.0 * StateElements * sizeof(float) * sequences, (2 * Weights(head: true) + 5.0 * StateElements) * sequences)
            : new Work(
                bytes + 2.0 * config.LayerCount * config.KeyValueHeadCount * config.HeadDim * sizeof(float) * context * sequences,
                (2 * Weights(head: true) + 4.0 * config.LayerCount * config.HeadCount * config.HeadDim * context) * sequences);
    }

    /// <summary>A prompt, without the logits of its last token.</summary>
    public Work Prefill(int tokens)
    {
        var attention = IsRecurrent ? 5.0 * StateElements : 2.0 * config.LayerCount * config.HeadCount * config.HeadDim * (tokens + 1);
        return new Work(0, (2 * Weights(head: false) + attention) * tokens);
    }

    private bool IsRecurrent => config.Family == ModelFamily.Supra;

    /// <summary>Of a recurrent model: all layers.</summary>
    private double StateElements => (double)config.LayerCount * config.HeadCount * config.HeadDim * config.HeadDim;

    /// <summary>Weights that a token is multiplied with.</summary>
    private double Weights(bool head)
    {
        double queries = config.HeadCount * config.HeadDim, keys = config.KeyValueHeadCount * config.HeadDim;
        var layer = config.HiddenSize * (2 * queries + 2 * keys + 3.0 * config.IntermediateSize);
        var maps = IsRecurrent ? queries * queries + keys * keys : 0;
        return (layer + maps) * config.LayerCount + (head ? (double)config.VocabularySize * config.HiddenSize : 0);
    }
}
