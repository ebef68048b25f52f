using OrleansLM.Engine.Models;

namespace OrleansLM.Cpu;

/// <summary>Models that are measured with random weights.</summary>
internal static class Shapes
{
    /// <summary>1.1 billion parameters.</summary>
    public static ModelConfig OneBillion { get; } = new()
    {
        Family = ModelFamily.Llama,
        HiddenSize = 2048,
        IntermediateSize = 5632,
        LayerCount = 22,
        HeadCount = 32,
        KeyValueHeadCount = 4,
        HeadDim = 64,
        VocabularySize = 32000,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig(),
        ContextLength = 32768,
    };

    /// <summary>The same with linear attention: 1.3 billion parameters.</summary>
    public static ModelConfig OneBillionSupra { get; } = OneBillion with
    {
        Family = ModelFamily.Supra,
        ContextLength = 2048,
        Supra = new SupraConfig { Decay = SupraDecay.Lightning },
    };
}
