using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>config.json of SUPRA models (spec §2.1, §3). Keys that are absent have the defaults of the training code.</summary>
internal static class OpenLmConfig
{
    public static ModelConfig Read(ConfigSection config, CheckpointOptions options)
    {
        RefuseVariants(config);
        var width = config.Int("dim", 1, ConfigLimits.Width);
        var heads = config.Int("n_heads", 1, ConfigLimits.Heads);
        var keyValueHeads = config.Int("n_heads_kv", 1, heads);
        var headDim = config.OptionalInt("qk_head_dim", 2, ConfigLimits.Width) ?? ConfigLimits.HeadDim(config, "dim", width, "n_heads", heads);
        if ((config.OptionalInt("v_head_dim", 2, ConfigLimits.Width) ?? headDim) != headDim)
        {
            throw config.Wrong("v_head_dim", $"the same as qk_head_dim, {headDim}");
        }

        var length = config.OptionalInt("seq_len", 1, ConfigLimits.Tokens) ?? 2048;
        var model = new ModelConfig
        {
            Family = ModelFamily.Supra,
            HiddenSize = width,
            IntermediateSize = config.OptionalInt("intermediate_dim_ffn", 1, ConfigLimits.Inner) ?? DefaultInner(width),
            LayerCount = config.Int("n_layers", 1, ConfigLimits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadDim = headDim,
            VocabularySize = config.Int("vocab_size", 1, ConfigLimits.Vocabulary),
            NormEpsilon = (float)(config.OptionalNumber("norm_eps", 0, 1) ?? 1e-5),
            Rope = new RopeConfig
            {
                Theta = config.OptionalNumber("rotary_base_frequency", 1.000001, 1e12) ?? 10000,
                OriginalContextLength = length,
                RoundFrequenciesToBFloat16 = options.RoundFrequenciesToBFloat16,
            },
            TiedEmbeddings = config.Flag("weight_tying", false),
            ContextLength = length,
            Supra = Supra(config, sharedFeatureMap: heads == keyValueHeads),
        };
        return ConfigLimits.Checked(model, config, "n_heads", "n_heads_kv", "qk_head_dim");
    }

    private static void RefuseVariants(ConfigSection config)
    {
        RequirePresent(config, "attn_name", "only SUPRA's linear attention is known of this family", "linear_attn");
        RequirePresent(config, "norm_type", "norms are RMSNorm", "rms_norm");
        config.Require("positional_embedding_type", "queries and keys are rotated", "rotary");
        config.Require("ffn_type", "the feed-forward layer is SwiGLU", "swiglu", "swiglu_torch");
        config.Require("apply_qk_norm", "queries and keys are not normalised", "false");
        config.Require("post_embed_norm", "embeddings are not normalised", "false");
        config.Require("rotary_scale", "positions are not scaled", "1", "1.0");
        config.Require("moe_freq", "there are no experts", "0");
    }

    private static void RequirePresent(ConfigSection config, string key, string reason, string value)
    {
        config.Require(key, reason, value);
        _ = config.OptionalText(key) ?? throw config.Missing(key, $"\"{value}\"");
    }

    private static SupraConfig Supra(ConfigSection config, bool sharedFeatureMap) => new()
    {
        Decay = !config.Flag("use_decay", false) ? SupraDecay.None
            : config.Flag("use_retnet_slopes", false) ? SupraDecay.RetNet
            : SupraDecay.Lightning,
        DecayStart = config.OptionalNumber("decay_start", 0, 1e6),
        SharedFeatureMap = sharedFeatureMap,
    };

    /// <summary>Two thirds of four times the width, rounded up to a multiple of 256.</summary>
    private static int DefaultInner(int width) => 256 * (int)((2L * 4 * width / 3 + 255) / 256);
}
