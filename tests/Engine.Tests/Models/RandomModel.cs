using OrleansLM.Engine.Models;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>Small models with seeded random weights, made in memory: shapes that no shipped model has.</summary>
internal static class RandomModel
{
    public static ModelConfig Llama(int layers = 4) => new()
    {
        Family = ModelFamily.Llama,
        HiddenSize = 48,
        IntermediateSize = 72,
        LayerCount = layers,
        HeadCount = 6,
        KeyValueHeadCount = 2,
        HeadDim = 8,
        VocabularySize = 67,
        NormEpsilon = 1e-5f,
        Rope = new RopeConfig(),
        ContextLength = 1024,
    };

    public static ModelConfig Windowed(int window) => Llama() with { Family = ModelFamily.Mistral, SlidingWindow = window };

    public static ModelConfig Supra(int keyValueHeads = 2) => Llama() with
    {
        Family = ModelFamily.Supra,
        KeyValueHeadCount = keyValueHeads,
        Supra = new SupraConfig { Decay = SupraDecay.Lightning, SharedFeatureMap = keyValueHeads == 6 },
    };

    public static IEnumerable<string> Names => ["llama", "llama-tied", "llama-dynamic-ntk", "mistral-window", "supra", "supra-shared-map"];

    public static ModelConfig Named(string name) => name switch
    {
        "llama" => Llama(),
        "llama-tied" => Llama() with { TiedEmbeddings = true },
        "llama-dynamic-ntk" => Llama() with { Rope = new RopeConfig { Scaling = RopeScaling.DynamicNtk, Factor = 4, OriginalContextLength = 60 } },
        "mistral-window" => Windowed(21),
        "supra" => Supra(),
        "supra-shared-map" => Supra(keyValueHeads: 6),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such model"),
    };

    public static MemoryWeights Weights(ModelConfig config, DataType type = DataType.Float32, int seed = 7)
    {
        var random = new Random(seed);
        var weights = new MemoryWeights();
        foreach (var id in WeightCatalog.All(config).Select(id => WeightCatalog.Stored(config, id)).Distinct())
        {
            var shape = WeightCatalog.Shape(config, id);
            var values = new float[shape.ElementCount];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)((random.NextDouble() - 0.5) * 4 / Math.Sqrt(shape.IsVector ? 4 : shape.Columns)) + (IsNorm(id.Role) ? 1 : 0);
            }

            weights.Add(id, type, shape.Rows, shape.Columns, values);
        }

        return weights;
    }

    public static int[] Tokens(ModelConfig config, int count, int seed = 11)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(config.VocabularySize))];
    }

    private static bool IsNorm(WeightRole role) => role is WeightRole.AttentionNorm or WeightRole.FeedForwardNorm or WeightRole.FinalNorm;
}
