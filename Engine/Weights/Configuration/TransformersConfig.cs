using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>config.json of Llama and Mistral models as transformers writes it, old form and new (spec §2.1).</summary>
internal static class TransformersConfig
{
    // What transformers takes where the key is absent (not null): only Mistral has such a default.
    private const int MistralDefaultWindow = 4096;
    private const int MistralDefaultKeyValueHeads = 8;

    public static ModelConfig Read(ConfigSection config, ModelFamily family, CheckpointOptions options, List<string> warnings)
    {
        RefuseVariants(config);
        var hidden = config.Int("hidden_size", 1, ConfigLimits.Width);
        var heads = config.Int("num_attention_heads", 1, ConfigLimits.Heads);
        var keyValueHeads = config.OptionalInt("num_key_value_heads", 1, heads) ?? (family == ModelFamily.Mistral ? MistralDefaultKeyValueHeads : heads);
        var positions = config.Int("max_position_embeddings", 1, ConfigLimits.Tokens);
        var rope = RopeReader.Read(config, family, positions, options, warnings);
        var context = ContextLength(config, rope, positions);
        var model = new ModelConfig
        {
            Family = family,
            HiddenSize = hidden,
            IntermediateSize = config.Int("intermediate_size", 1, ConfigLimits.Inner),
            LayerCount = config.Int("num_hidden_layers", 1, ConfigLimits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadDim = config.OptionalInt("head_dim", 2, ConfigLimits.Width) ?? ConfigLimits.HeadDim(config, "hidden_size", hidden, "num_attention_heads", heads),
            VocabularySize = config.Int("vocab_size", 1, ConfigLimits.Vocabulary),
            NormEpsilon = (float)config.Number("rms_norm_eps", 0, 1),
            Rope = rope,
            SlidingWindow = Window(config, family, context, warnings),
            TiedEmbeddings = config.Flag("tie_word_embeddings", false),
            ContextLength = context,
        };
        return ConfigLimits.Checked(model, config, "num_attention_heads", "num_key_value_heads", "head_dim");
    }

    private static void RefuseVariants(ConfigSection config)
    {
        config.Require("hidden_act", "the feed-forward layer is SwiGLU", "silu", "swish");
        config.Require("attention_bias", "projections have no bias", "false");
        config.Require("mlp_bias", "projections have no bias", "false");
    }

    /// <summary>
    /// YaRN: the factor times the original length, whatever max_position_embeddings says (spec §0.2). Linear and dynamic scaling leave
    /// max_position_embeddings at the original length, so the factor comes on top.
    /// </summary>
    private static int ContextLength(ConfigSection config, RopeConfig rope, int positions)
    {
        var length = Math.Round(rope.Scaling switch
        {
            RopeScaling.Yarn => rope.Factor * rope.OriginalContextLength,
            RopeScaling.None => positions,
            _ => rope.Factor * positions,
        });
        return length <= ConfigLimits.Tokens
            ? (int)length
            : throw new CheckpointException($"{config.Describe("rope_scaling")}: factor {rope.Factor} makes a context of {length} tokens; expected at most {ConfigLimits.Tokens}");
    }

    private static int? Window(ConfigSection config, ModelFamily family, int context, List<string> warnings)
    {
        if (family != ModelFamily.Mistral)
        {
            return null;
        }

        if (!config.HasKey("sliding_window"))
        {
            warnings.Add($"config.json has no sliding_window: {MistralDefaultWindow} is assumed, as transformers does; write null for full attention");
        }

        var window = config.HasKey("sliding_window") ? config.OptionalInt("sliding_window", 1, int.MaxValue) : MistralDefaultWindow;
        if (window < context && config.Has("rope_scaling"))
        {
            warnings.Add($"sliding_window is {window}, below the scaled context of {context}: each layer sees only that many tokens back");
        }

        // A window that never binds is no window: nothing needs to be freed behind it.
        return window < context ? window : null;
    }
}
