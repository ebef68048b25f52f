using OrleansLM.Engine.Models;

namespace OrleansLM.Engine.Weights.Configuration;

/// <summary>
/// Rotary embedding and its scaling: <c>rope_scaling</c> with <c>type</c> or <c>rope_type</c> and <c>rope_theta</c> beside it (older form), or
/// <c>rope_parameters</c> with everything inside (newer form).
/// </summary>
internal static class RopeReader
{
    private const string Newer = "rope_parameters";
    private const string Older = "rope_scaling";
    private const double DefaultTheta = 10000;
    private const double MaxTheta = 1e12;
    private const double MaxFactor = 1 << 20;

    public static RopeConfig Read(ConfigSection config, ModelFamily family, int positions, CheckpointOptions options, List<string> warnings)
    {
        config.Require("partial_rotary_factor", "the whole head is rotated", "1", "1.0");
        var theta = config.OptionalNumber("rope_theta", 1.000001, MaxTheta);
        var older = config.OptionalSection(Older) is { } scaling ? Read(scaling, config, Older, theta, family, positions, options, warnings) : null;
        var newer = config.OptionalSection(Newer) is { } parameters ? Read(parameters, config, Newer, theta, family, positions, options, older is null ? warnings : []) : null;
        if (older is not null && newer is not null && older != newer)
        {
            throw config.Wrong(Newer, $"the same as {Older}: they say different things");
        }

        return newer ?? older ?? new RopeConfig { Theta = theta ?? DefaultTheta, OriginalContextLength = positions };
    }

    private static RopeConfig Read(
        ConfigSection section, ConfigSection config, string form, double? outerTheta, ModelFamily family, int positions, CheckpointOptions options, List<string> warnings)
    {
        section.Require("partial_rotary_factor", "the whole head is rotated", "1", "1.0");
        var theta = section.OptionalNumber("rope_theta", 1.000001, MaxTheta);
        if (theta is not null && outerTheta is not null && theta != outerTheta)
        {
            throw section.Wrong("rope_theta", $"the same as rope_theta of the config, {outerTheta}");
        }

        var plain = new RopeConfig { Theta = theta ?? outerTheta ?? DefaultTheta, OriginalContextLength = positions };
        return Type(section, form) switch
        {
            "default" => plain,
            "linear" => plain with { Scaling = RopeScaling.Linear, Factor = Factor(section) },
            "dynamic" => plain with { Scaling = RopeScaling.DynamicNtk, Factor = Factor(section), OriginalContextLength = OriginalLength(section) ?? positions },
            "yarn" => Yarn(section, config, plain, family, options, warnings),
            "dynamic-yarn" => throw section.Wrong(
                TypeKey(section), "default, linear, dynamic or yarn: dynamic-yarn re-rotates every cached key as the sequence grows, and its published forms contradict each other"),
            _ => throw section.Wrong(TypeKey(section), "default, linear, dynamic or yarn"),
        };
    }

    private static RopeConfig Yarn(
        ConfigSection section, ConfigSection config, RopeConfig plain, ModelFamily family, CheckpointOptions options, List<string> warnings)
    {
        var factor = Factor(section);
        var original = OriginalLength(section);
        if (original is null)
        {
            warnings.Add($"{section.Describe("original_max_position_embeddings")} is missing: max_position_embeddings = {plain.OriginalContextLength} is taken for it, as transformers does");
        }

        var scaled = plain with { Scaling = RopeScaling.Yarn, Factor = factor, OriginalContextLength = original ?? plain.OriginalContextLength };
        return scaled with { Yarn = YarnProfileReader.Read(section, config, family, factor, options.Yarn) };
    }

    private static string Type(ConfigSection section, string form)
    {
        var (newer, older) = (section.OptionalText("rope_type"), section.OptionalText("type"));
        if (newer is not null && older is not null && newer != older)
        {
            throw section.Wrong("rope_type", $"the same as type, \"{older}\"");
        }

        // The newer form always stands there, so that a missing type means plain RoPE; the older one only stands there to scale.
        return newer ?? older ?? (form == Newer && !section.Has("factor") ? "default" : throw section.Missing("rope_type", "default, linear, dynamic or yarn"));
    }

    private static string TypeKey(ConfigSection section) => section.Has("rope_type") ? "rope_type" : "type";

    private static double Factor(ConfigSection section) => section.Number("factor", 1, MaxFactor);

    private static int? OriginalLength(ConfigSection section) => section.OptionalInt("original_max_position_embeddings", 1, ConfigLimits.Tokens);
}
