using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Gpu;

/// <summary>Shapes of 7 billion parameters; their weights are random.</summary>
internal static class Shapes
{
    /// <summary>YaRN-Mistral 7B with its context of 128k.</summary>
    public static ModelConfig Mistral { get; } = new()
    {
        Family = ModelFamily.Mistral,
        HiddenSize = 4096,
        IntermediateSize = 14336,
        LayerCount = 32,
        HeadCount = 32,
        KeyValueHeadCount = 8,
        HeadDim = 128,
        VocabularySize = 32000,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig { Scaling = RopeScaling.Yarn, Factor = 16, OriginalContextLength = 8192, Yarn = YarnConstants.Mistral.ToProfile("yarn-mistral", 16) },
        ContextLength = 131072,
    };

    /// <summary>Llama-2 7B: every head has keys and values of its own.</summary>
    public static ModelConfig Llama { get; } = Mistral with
    {
        Family = ModelFamily.Llama,
        IntermediateSize = 11008,
        KeyValueHeadCount = 32,
        Rope = new RopeConfig(),
        ContextLength = 32768,
    };

    /// <summary>mistral-supra.</summary>
    public static ModelConfig Supra { get; } = Mistral with
    {
        Family = ModelFamily.Supra,
        Rope = new RopeConfig(),
        ContextLength = 2048,
        Supra = new SupraConfig { Decay = SupraDecay.Lightning },
    };

    /// <summary>Weights that a token is multiplied with.</summary>
    public static double Multiplied(ModelConfig config, bool head)
    {
        double queries = config.HeadCount * config.HeadDim, keys = config.KeyValueHeadCount * config.HeadDim;
        var maps = config.Family == ModelFamily.Supra ? queries * queries + keys * keys : 0;
        var layer = config.HiddenSize * (2 * queries + 2 * keys + 3.0 * config.IntermediateSize) + maps;
        return layer * config.LayerCount + (head ? (double)config.VocabularySize * config.HiddenSize : 0);
    }

    /// <summary>Bytes of keys and values of one token in all layers.</summary>
    public static double StateBytesPerToken(ModelConfig config, DataType type = DataType.BFloat16) =>
        2.0 * type.SizeInBytes() * config.LayerCount * config.KeyValueHeadCount * config.HeadDim;
}
