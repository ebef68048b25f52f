using System.Numerics;

namespace OrleansLM.Engine.Models;

/// <summary>The decay gamma of each head of SUPRA's linear attention (spec §3.3), the same in every layer. Kept in f32: bf16 would merge the slowest two.</summary>
public static class DecayTables
{
    public static float[] Build(SupraConfig config, int heads) => config.Decay switch
    {
        SupraDecay.None => Enumerable.Repeat(1f, heads).ToArray(),
        SupraDecay.Lightning => Array.ConvertAll(Slopes(heads, config.DecayStart), slope => (float)Math.Exp(-slope)),
        SupraDecay.RetNet => Enumerable.Range(0, heads).Select(head => (float)(1 - Math.Pow(2, -5 - head))).ToArray(),
        _ => throw new ArgumentOutOfRangeException(nameof(config), config.Decay, "expected None, Lightning or RetNet"),
    };

    /// <summary>slope_h = start · ratio^h, ratio = 2^(-8/H); for an H that is no power of two as ALiBi does: the next lower table, then every second of the next higher.</summary>
    internal static double[] Slopes(int heads, double? start)
    {
        var power = (int)BitOperations.RoundUpToPowerOf2((uint)heads);
        if (power == heads)
        {
            return PowerOfTwoSlopes(heads, start);
        }

        var lower = PowerOfTwoSlopes(power / 2, start);
        var between = PowerOfTwoSlopes(power, start).Where((_, index) => index % 2 == 0);
        return [.. lower, .. between.Take(heads - lower.Length)];
    }

    private static double[] PowerOfTwoSlopes(int heads, double? start)
    {
        var ratio = Math.Pow(2, -Math.Pow(2, -(Math.Log2(heads) - 3)));
        var slopes = new double[heads];
        for (var head = 0; head < heads; head++)
        {
            slopes[head] = (start ?? ratio) * Math.Pow(ratio, head);
        }

        return slopes;
    }
}
