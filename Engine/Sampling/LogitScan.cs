using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Sampling;

/// <summary>
/// Scans over a row of logits [V]. Always sixteen lanes, which the runtime splits where the machine has narrower ones, and no fused
/// multiply-add: the bits of a result are the same on every machine.
/// </summary>
internal static class LogitScan
{
    private const int Lanes = 16;

    /// <summary>The highest value, or NaN when any value is not finite.</summary>
    public static float FiniteMax(ReadOnlySpan<float> values)
    {
        var max = Vector512.Create(float.NegativeInfinity);
        var residue = Vector512<float>.Zero;
        var i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var v = Vector512.Create(values.Slice(i, Lanes));
            max = Vector512.Max(max, v);
            residue += v - v;
        }

        var highest = float.NegativeInfinity;
        for (var lane = 0; lane < Lanes; lane++)
        {
            highest = MathF.Max(highest, max[lane] + residue[lane]);
        }

        for (; i < values.Length; i++)
        {
            highest = MathF.Max(highest, values[i] + (values[i] - values[i]));
        }

        return highest;
    }

    /// <summary>The first index with this value.</summary>
    public static int FirstIndexOf(ReadOnlySpan<float> values, float value)
    {
        var wanted = Vector512.Create(value);
        var i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var equal = Vector512.Equals(Vector512.Create(values.Slice(i, Lanes)), wanted);
            if (equal != Vector512<float>.Zero)
            {
                break;
            }
        }

        while (values[i] != value)
        {
            i++;
        }

        return i;
    }

    /// <summary>weights[i] = exp((values[i] - max) / temperature), 0 where that is under 2^-126.</summary>
    public static void Weigh(ReadOnlySpan<float> values, float max, float temperature, Span<float> weights)
    {
        var (vmax, vtemperature) = (Vector512.Create(max), Vector512.Create(temperature));
        var i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var v = Vector512.Create(values.Slice(i, Lanes));
            Exponential((v - vmax) / vtemperature).CopyTo(weights.Slice(i, Lanes));
        }

        if (i < values.Length)
        {
            Span<float> rest = stackalloc float[Lanes];
            rest.Fill(max);
            values[i..].CopyTo(rest);
            Exponential((Vector512.Create((ReadOnlySpan<float>)rest) - vmax) / vtemperature).CopyTo(rest);
            rest[..(values.Length - i)].CopyTo(weights[i..]);
        }
    }

    /// <summary>In double, always in the same order.</summary>
    public static double Sum(ReadOnlySpan<float> weights)
    {
        var (low, high) = (Vector512<double>.Zero, Vector512<double>.Zero);
        var i = 0;
        for (; i <= weights.Length - Lanes; i += Lanes)
        {
            var (l, h) = Vector512.Widen(Vector512.Create(weights.Slice(i, Lanes)));
            low += l;
            high += h;
        }

        var lanes = low + high;
        var sum = 0.0;
        for (var lane = 0; lane < Lanes / 2; lane++)
        {
            sum += lanes[lane];
        }

        for (; i < weights.Length; i++)
        {
            sum += weights[i];
        }

        return sum;
    }

    /// <summary>
    /// exp(x) for x in [-∞, 0], relative error under 2e-7: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial for exp(r), and n added to the exponent.
    /// </summary>
    private static Vector512<float> Exponential(Vector512<float> x)
    {
        const float Log2E = 1.44269504f;
        const float Ln2High = 0.693359375f;
        const float Ln2Low = -2.12194440e-4f;
        const float Lowest = -87.3f;
        var visible = Vector512.GreaterThan(x, Vector512.Create(Lowest));
        x = Vector512.Max(x, Vector512.Create(Lowest));
        var n = Vector512.Floor((x * Log2E) + Vector512.Create(0.5f));
        var r = (x - (n * Ln2High)) - (n * Ln2Low);
        var p = Vector512.Create(1.9875691e-4f);
        p = (p * r) + Vector512.Create(1.3981999e-3f);
        p = (p * r) + Vector512.Create(8.3334519e-3f);
        p = (p * r) + Vector512.Create(4.1665796e-2f);
        p = (p * r) + Vector512.Create(1.6666666e-1f);
        p = (p * r) + Vector512.Create(0.5f);
        p = ((p * r) * r) + r + Vector512<float>.One;
        var scale = (Vector512.ConvertToInt32(n) + Vector512.Create(127)) << 23;
        return Vector512.ConditionalSelect(visible, p * scale.AsSingle(), Vector512<float>.Zero);
    }
}
