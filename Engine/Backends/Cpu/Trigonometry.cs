namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Sine and cosine of f32 angles, computed in double and rounded once, so that they are the same on every machine; the C library's are not promised
/// to be. Angles up to about 1.6 million radians: beyond, the reduction loses bits.
/// </summary>
internal static class Trigonometry
{
    // π/2 in three parts of 33 bits, so that n · part is exact for n below 2^20.
    private const double HalfPiHigh = 1.57079632673412561417;
    private const double HalfPiMiddle = 6.07710050630396597660e-11;
    private const double HalfPiLow = 2.02226624879595063154e-21;

    public static (float Sin, float Cos) SinCos(float angle)
    {
        double x = angle;
        var n = Math.Round(x * (2 / Math.PI));
        var r = ((x - (n * HalfPiHigh)) - (n * HalfPiMiddle)) - (n * HalfPiLow);
        var (sin, cos) = (Sin(r), Cos(r));
        return ((long)n & 3) switch
        {
            0 => ((float)sin, (float)cos),
            1 => ((float)cos, (float)-sin),
            2 => ((float)-sin, (float)-cos),
            _ => ((float)-cos, (float)sin),
        };
    }

    // Taylor series for |r| ≤ π/4; the first term left out is below 5e-17.
    private static double Sin(double r)
    {
        var q = r * r;
        var p = -1.0 / 1307674368000;
        p = (p * q) + (1.0 / 6227020800);
        p = (p * q) - (1.0 / 39916800);
        p = (p * q) + (1.0 / 362880);
        p = (p * q) - (1.0 / 5040);
        p = (p * q) + (1.0 / 120);
        p = (p * q) - (1.0 / 6);
        return r + (r * q * p);
    }

    private static double Cos(double r)
    {
        var q = r * r;
        var p = 1.0 / 20922789888000;
        p = (p * q) - (1.0 / 87178291200);
        p = (p * q) + (1.0 / 479001600);
        p = (p * q) - (1.0 / 3628800);
        p = (p * q) + (1.0 / 40320);
        p = (p * q) - (1.0 / 720);
        p = (p * q) + (1.0 / 24);
        p = (p * q) - 0.5;
        return 1 + (q * p);
    }
}
