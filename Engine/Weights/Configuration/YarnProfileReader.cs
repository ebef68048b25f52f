using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>
/// Which YaRN constants are in force (spec §1.2): an override of the user; else explicit keys of the scaling; else those of Yarn-Mistral where the config
/// shows that it is one; else the default. Never anything derived from max_position_embeddings.
/// </summary>
internal static class YarnProfileReader
{
    private const double MaxTurns = 1e9;
    private const double MaxMscale = 1e6;

    public static YarnProfile Read(ConfigSection scaling, ConfigSection config, ModelFamily family, double factor, YarnConstants? chosen)
    {
        scaling.Require("extrapolation_factor", "other blends are not supported", "1", "1.0");
        var isYarnMistral = family == ModelFamily.Mistral && (config.Mentions("auto_map", "modeling_mistral_yarn") || scaling.HasKey("finetuned"));
        var implied = isYarnMistral ? YarnConstants.Mistral : YarnConstants.Default;
        return chosen is not null ? chosen.ToProfile("override", factor)
            : HasExplicitKeys(scaling) ? FromKeys(scaling, factor, implied)
            : implied.ToProfile(isYarnMistral ? "yarn-mistral" : "default", factor);
    }

    private static bool HasExplicitKeys(ConfigSection scaling) =>
        scaling.Has("beta_fast") || scaling.Has("beta_slow") || scaling.Has("attention_factor") || scaling.Has("attn_factor")
        || (scaling.Has("mscale") && scaling.Has("mscale_all_dim")) || !scaling.Flag("truncate", true);

    private static YarnProfile FromKeys(ConfigSection scaling, double factor, YarnConstants implied)
    {
        var fast = scaling.OptionalNumber("beta_fast", double.Epsilon, MaxTurns) ?? implied.BetaFast;
        var slow = scaling.OptionalNumber("beta_slow", double.Epsilon, MaxTurns) ?? implied.BetaSlow;
        if (fast <= slow)
        {
            throw scaling.Wrong(scaling.Has("beta_fast") ? "beta_fast" : "beta_slow", $"beta_fast = {fast} above beta_slow = {slow}");
        }

        var explicitFactor = scaling.OptionalNumber("attention_factor", double.Epsilon, MaxMscale) ?? MscaleRatio(scaling, factor);
        var multiplier = scaling.OptionalNumber("attn_factor", double.Epsilon, MaxMscale) ?? 1;
        var constants = implied with { BetaFast = fast, BetaSlow = slow };
        var name = explicitFactor is null ? $"config ({constants})" : $"config ({fast}/{slow}, attention factor {explicitFactor:0.######})";
        return new YarnProfile(name, fast, slow, (explicitFactor ?? constants.AttentionFactor(factor)) * multiplier, scaling.Flag("truncate", true));
    }

    /// <summary>mscale and mscale_all_dim count only together, as in transformers.</summary>
    private static double? MscaleRatio(ConfigSection scaling, double factor)
    {
        var (mscale, all) = (scaling.OptionalNumber("mscale", 0, MaxMscale), scaling.OptionalNumber("mscale_all_dim", 0, MaxMscale));
        return mscale is > 0 && all is > 0 ? Mscale(mscale.Value) / Mscale(all.Value) : null;

        double Mscale(double k) => factor <= 1 ? 1 : 0.1 * k * Math.Log(factor) + 1;
    }
}
