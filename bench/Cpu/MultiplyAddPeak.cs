using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Cpu;

/// <summary>The ceiling of everything that multiplies: twelve independent chains of fused multiply-adds in registers, on all threads.</summary>
internal static class MultiplyAddPeak
{
    private const int Chains = 12;
    private const int Loops = 3_000_000;

    /// <returns>Floating-point operations a second, two for each multiply-add.</returns>
    public static double Sample(int threads)
    {
        var wide = Vector512.IsHardwareAccelerated;
        var operations = 2.0 * Chains * Loops * threads * (wide ? Vector512<float>.Count : Vector256<float>.Count);
        return operations / Team.Time(threads, _ => wide ? Wide(Loops) : Narrow(Loops));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Narrow(int loops)
    {
        var (m, n) = (Vector256.Create(0.999f), Vector256.Create(1e-3f));
        var (a, b, c, d) = (n, n + n, n * 3, n * 4);
        var (e, f, g, h) = (n * 5, n * 6, n * 7, n * 8);
        var (i, j, k, l) = (n * 9, n * 10, n * 11, n * 12);
        for (var loop = 0; loop < loops; loop++)
        {
            a = Vector256.MultiplyAddEstimate(a, m, n);
            b = Vector256.MultiplyAddEstimate(b, m, n);
            c = Vector256.MultiplyAddEstimate(c, m, n);
            d = Vector256.MultiplyAddEstimate(d, m, n);
            e = Vector256.MultiplyAddEstimate(e, m, n);
            f = Vector256.MultiplyAddEstimate(f, m, n);
            g = Vector256.MultiplyAddEstimate(g, m, n);
            h = Vector256.MultiplyAddEstimate(h, m, n);
            i = Vector256.MultiplyAddEstimate(i, m, n);
            j = Vector256.MultiplyAddEstimate(j, m, n);
            k = Vector256.MultiplyAddEstimate(k, m, n);
            l = Vector256.MultiplyAddEstimate(l, m, n);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Wide(int loops)
    {
        var (m, n) = (Vector512.Create(0.999f), Vector512.Create(1e-3f));
        var (a, b, c, d) = (n, n + n, n * 3, n * 4);
        var (e, f, g, h) = (n * 5, n * 6, n * 7, n * 8);
        var (i, j, k, l) = (n * 9, n * 10, n * 11, n * 12);
        for (var loop = 0; loop < loops; loop++)
        {
            a = Vector512.MultiplyAddEstimate(a, m, n);
            b = Vector512.MultiplyAddEstimate(b, m, n);
            c = Vector512.MultiplyAddEstimate(c, m, n);
            d = Vector512.MultiplyAddEstimate(d, m, n);
            e = Vector512.MultiplyAddEstimate(e, m, n);
            f = Vector512.MultiplyAddEstimate(f, m, n);
            g = Vector512.MultiplyAddEstimate(g, m, n);
            h = Vector512.MultiplyAddEstimate(h, m, n);
            i = Vector512.MultiplyAddEstimate(i, m, n);
            j = Vector512.MultiplyAddEstimate(j, m, n);
            k = Vector512.MultiplyAddEstimate(k, m, n);
            l = Vector512.MultiplyAddEstimate(l, m, n);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
