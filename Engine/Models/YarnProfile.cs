namespace OrleansLM.Engine.Models;

/// <summary>
/// The constants of YaRN that config.json may leave out (spec §1.2). <paramref name="Name"/> says which rule chose them and is printed by <c>inspect</c>.
/// </summary>
/// <param name="Name">For example <c>yarn-mistral (128/2/0.07)</c>, <c>default (32/1/0.1)</c>, <c>config</c> or <c>override</c>.</param>
/// <param name="BetaFast">Turns over the original length above which a dimension keeps its frequency.</param>
/// <param name="BetaSlow">Turns below which a dimension is fully interpolated.</param>
/// <param name="AttentionFactor">mscale: what cos and sin are multiplied with, usually c·ln(s) + 1.</param>
/// <param name="Truncate">Whether the ramp's ends are rounded outward to whole dimensions.</param>
public sealed record YarnProfile(string Name, double BetaFast, double BetaSlow, double AttentionFactor, bool Truncate = true);
