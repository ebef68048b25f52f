using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Naming;

/// <summary>Names of SUPRA checkpoints (spec §3.6). in_proj stacks query, key and value; w12 stacks gate and up.</summary>
internal sealed class OpenLmNaming : TensorNaming
{
    private const string Embedding = "tok_embeddings.weight";
    private static readonly string[] Prefixes = ["model.", "", "module.", "model.module.", "module.model."];
    private readonly string _prefix;

    private OpenLmNaming(ModelConfig config, string prefix)
        : base(config) => _prefix = prefix;

    public static OpenLmNaming Detect(ModelConfig config, IReadOnlyCollection<string> names) => new(config, FindPrefix(names, Embedding, Prefixes));

    public override WeightSource Source(WeightId id)
    {
        var queries = Config.HeadCount * Config.HeadDim;
        var keys = Config.KeyValueHeadCount * Config.HeadDim;
        return id.Role switch
        {
            WeightRole.TokenEmbedding => Whole(Embedding),
            WeightRole.FinalNorm => Whole("norm.weight"),
            WeightRole.Output => Whole("output.weight"),
            WeightRole.AttentionNorm => InLayer("attention_norm.weight"),
            WeightRole.Query => OfInput(0),
            WeightRole.Key => OfInput(queries),
            WeightRole.Value => OfInput(queries + keys),
            WeightRole.AttentionOutput => InLayer("attention.out_proj.weight"),
            WeightRole.FeedForwardNorm => InLayer("ffn_norm.weight"),
            WeightRole.Gate => OfFeedForward(0),
            WeightRole.Up => OfFeedForward(Config.IntermediateSize),
            WeightRole.Down => InLayer("feed_forward.w3.weight"),
            WeightRole.QueryFeatureMap => InLayer("attention._totrain_embed.weight"),
            WeightRole.QueryFeatureMapBias => InLayer("attention._totrain_embed.bias"),
            WeightRole.KeyFeatureMap => InLayer("attention._totrain_embed_kv.weight"),
            WeightRole.KeyFeatureMapBias => InLayer("attention._totrain_embed_kv.bias"),
            _ => throw new ArgumentOutOfRangeException(nameof(id), id, "expected a weight of a SUPRA model"),
        };

        WeightSource Whole(string name) => new(_prefix + name, WeightCatalog.Shape(Config, id));

        WeightSource InLayer(string name) => Whole($"layers.{id.Layer}.{name}");

        WeightSource OfInput(int firstRow) =>
            new($"{_prefix}layers.{id.Layer}.attention.in_proj.weight", new(queries + 2 * keys, Config.HiddenSize, "[(H + 2·G)·D, C]"), firstRow);

        WeightSource OfFeedForward(int firstRow) =>
            new($"{_prefix}layers.{id.Layer}.feed_forward.w12.weight", new(2 * Config.IntermediateSize, Config.HiddenSize, "[2·F, C]"), firstRow);
    }

    public override bool IsIgnorable(string name) =>
        name.EndsWith(".inv_freq", StringComparison.Ordinal) || (Config.TiedEmbeddings && name == _prefix + "output.weight");
}
