using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// exp for arguments that are not positive, within 1 ulp of the true value down to -87 and 0 below. x = n·ln 2 + r, |r| ≤ ln 2 / 2; exp(r) by
/// 1 + r + r²·p(r), p of degree 4 fitted to a relative error of 3.1e-9.
/// </summary>
internal static class Exponential
{
    private const float Lowest = -87f;
    private const float Log2E = 1.442695f;
    private const float Ln2High = 0.6923828125f;
    private const float Ln2Low = 7.643680437467992e-4f;

    /// <summary>1.5 · 2^23: added to a small number, leaves its nearest integer in the low bits.</summary>
    private const float Rounder = 12582912f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> NotPositive(Vector256<float> x)
    {
        var shifted = Lanes.MultiplyAdd(x, Vector256.Create(Log2E), Vector256.Create(Rounder));
        var n = shifted - Vector256.Create(Rounder);
        var r = Lanes.MultiplyAdd(n, Vector256.Create(-Ln2High), x);
        r = Lanes.MultiplyAdd(n, Vector256.Create(-Ln2Low), r);
        var p = Vector256.Create(0.0013814312405884266f);
        p = Lanes.MultiplyAdd(p, r, Vector256.Create(0.00836885068565607f));
        p = Lanes.MultiplyAdd(p, r, Vector256.Create(0.041668400168418884f));
        p = Lanes.MultiplyAdd(p, r, Vector256.Create(0.1666651964187622f));
        p = Lanes.MultiplyAdd(p, r, Vector256.Create(0.4999999403953552f));
        p = Lanes.MultiplyAdd(p, r * r, r) + Vector256<float>.One;
        var scaled = (p.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(Lowest)), Vector256<float>.Zero, scaled);
    }

    /// <summary>The same value as any lane of <see cref="NotPositive(Vector256{float})"/>.</summary>
    public static float NotPositive(float x) => NotPositive(Vector256.Create(x)).ToScalar();
}
