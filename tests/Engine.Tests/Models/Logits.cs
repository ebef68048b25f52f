namespace OrleansLM.Engine.Tests.Models;

/// <summary>What tests ask of logits.</summary>
internal static class Logits
{
    public static void Close(float[] expected, float[] found, double tolerance, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - (double)found[i]) <= tolerance, $"{what}, logit {i}: {found[i]} found, {expected[i]} expected within {tolerance}");
        }
    }

    public static void BitEqual(float[][] expected, float[][] found, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (var row = 0; row < expected.Length; row++)
        {
            for (var i = 0; i < expected[row].Length; i++)
            {
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected[row][i]) == BitConverter.SingleToInt32Bits(found[row][i]),
                    $"{what}: row {row}, logit {i} is {found[row][i]:R}, not {expected[row][i]:R}");
            }
        }
    }

    public static int Best(float[] logits) => Array.IndexOf(logits, logits.Max());

    /// <summary>Natural logarithm of the probability of <paramref name="token"/>.</summary>
    public static double LogProb(float[] logits, int token)
    {
        var maximum = logits.Max();
        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - (double)maximum);
        }

        return logits[token] - (double)maximum - Math.Log(sum);
    }
}
