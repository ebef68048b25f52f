using System.Globalization;

namespace OrleansLM.Engine.Models;

/// <summary>The constants that a YaRN model was trained with and that its config.json may leave out (spec §1.2).</summary>
/// <param name="BetaFast">Turns over the original length above which a dimension keeps its frequency.</param>
/// <param name="BetaSlow">Turns below which a dimension is fully interpolated; less than <paramref name="BetaFast"/>.</param>
/// <param name="MscaleCoefficient">c in mscale = c·ln(s) + 1.</param>
public sealed record YarnConstants(double BetaFast, double BetaSlow, double MscaleCoefficient)
{
    /// <summary>Yarn-Llama-2, and what other engines use where the config is silent.</summary>
    public static YarnConstants Default { get; } = new(32, 1, 0.1);

    /// <summary>Yarn-Mistral-7b-64k and -128k as they were trained and evaluated.</summary>
    public static YarnConstants Mistral { get; } = new(128, 2, 0.07);

    /// <summary>mscale for a context stretched by <paramref name="factor"/>.</summary>
    public double AttentionFactor(double factor) => factor <= 1 ? 1 : MscaleCoefficient * Math.Log(factor) + 1;

    public YarnProfile ToProfile(string rule, double factor) => new($"{rule} ({this})", BetaFast, BetaSlow, AttentionFactor(factor));

    /// <summary><c>auto</c> (null: the checkpoint decides), <c>mistral</c>, <c>default</c>, or three numbers as in <c>128/2/0.07</c>.</summary>
    /// <exception cref="FormatException">Anything else, or numbers out of range.</exception>
    public static YarnConstants? Parse(string text) => text switch
    {
        "auto" => null,
        "default" => Default,
        "mistral" => Mistral,
        _ => ParseNumbers(text),
    };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{BetaFast}/{BetaSlow}/{MscaleCoefficient}");

    private static YarnConstants ParseNumbers(string text)
    {
        var parts = text.Split('/');
        var numbers = new double[3];
        var valid = parts.Length == 3;
        for (var i = 0; valid && i < 3; i++)
        {
            valid = double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) && double.IsFinite(numbers[i]);
        }

        return valid && numbers[1] > 0 && numbers[0] > numbers[1] && numbers[2] >= 0
            ? new YarnConstants(numbers[0], numbers[1], numbers[2])
            : throw new FormatException($"YaRN constants '{text}': expected auto, mistral, default, or BETA_FAST/BETA_SLOW/C with BETA_FAST > BETA_SLOW > 0 and C >= 0, such as 128/2/0.07");
    }
}
