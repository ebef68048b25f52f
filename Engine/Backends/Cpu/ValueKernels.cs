using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>o[query, d] += Σ_key p[key, query] · values[key, d], keys ascending; lanes lie along D.</summary>
internal static unsafe class ValueKernels
{
    private const int Step = Lanes.Count;

    /// <param name="p">Weight of key 0 for query 0; the other queries follow it, the other keys follow at <paramref name="stride"/>.</param>
    /// <param name="stride">Floats from key to key.</param>
    /// <param name="queries">Any number.</param>
    /// <param name="values">Value 0; the others follow at <paramref name="valueStride"/>.</param>
    /// <param name="valueStride">Floats from value to value.</param>
    /// <param name="count">Keys.</param>
    /// <param name="o">[queries, dim]</param>
    /// <param name="dim">A multiple of 8.</param>
    /// <param name="next">Memory to be fetched meanwhile.</param>
    public static void Run(float* p, long stride, int queries, float* values, long valueStride, int count, float* o, int dim, ref Prefetch next)
    {
        var fetch = next.Take().Steps((queries + 2L) / 3 * (dim / (4 * Step)) * count, values, out var step);
        var d = 0;
        for (; d <= dim - 4 * Step; d += 4 * Step)
        {
            for (var q = 0; q < queries; q += 3)
            {
                switch (queries - q)
                {
                    case 1: One(p + q, stride, values + d, valueStride, count, o + (long)q * dim + d, fetch, step); break;
                    case 2: Two(p + q, stride, values + d, valueStride, count, o + (long)q * dim + d, dim, fetch, step); break;
                    default: Three(p + q, stride, values + d, valueStride, count, o + (long)q * dim + d, dim, fetch, step); break;
                }

                fetch += count * step;
            }
        }

        for (; d < dim; d += Step)
        {
            for (var q = 0; q < queries; q++)
            {
                Vector(p + q, stride, values + d, valueStride, count, o + (long)q * dim + d);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Vector(float* p, long stride, float* value, long valueStride, int count, float* o)
    {
        var sum = Vector256.Load(o);
        for (var j = 0; j < count; j++, p += stride, value += valueStride)
        {
            sum = Lanes.MultiplyAdd(Vector256.Create(*p), Vector256.Load(value), sum);
        }

        sum.Store(o);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void One(float* p, long stride, float* value, long valueStride, int count, float* o, byte* fetch, long step)
    {
        Load(o, out var a0, out var a1, out var a2, out var a3);
        for (; count > 0; count--, p += stride, value += valueStride)
        {
            Prefetch.Step(ref fetch, step);
            var p0 = Vector256.Create(p[0]);
            var v = Vector256.Load(value);
            a0 = Lanes.MultiplyAdd(p0, v, a0);
            v = Vector256.Load(value + Step);
            a1 = Lanes.MultiplyAdd(p0, v, a1);
            v = Vector256.Load(value + 2 * Step);
            a2 = Lanes.MultiplyAdd(p0, v, a2);
            v = Vector256.Load(value + 3 * Step);
            a3 = Lanes.MultiplyAdd(p0, v, a3);
        }

        Store(o, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Two(float* p, long stride, float* value, long valueStride, int count, float* o, long dim, byte* fetch, long step)
    {
        Load(o, out var a0, out var a1, out var a2, out var a3);
        Load(o + dim, out var b0, out var b1, out var b2, out var b3);
        for (; count > 0; count--, p += stride, value += valueStride)
        {
            Prefetch.Step(ref fetch, step);
            var p0 = Vector256.Create(p[0]);
            var p1 = Vector256.Create(p[1]);
            var v = Vector256.Load(value);
            a0 = Lanes.MultiplyAdd(p0, v, a0);
            b0 = Lanes.MultiplyAdd(p1, v, b0);
            v = Vector256.Load(value + Step);
            a1 = Lanes.MultiplyAdd(p0, v, a1);
            b1 = Lanes.MultiplyAdd(p1, v, b1);
            v = Vector256.Load(value + 2 * Step);
            a2 = Lanes.MultiplyAdd(p0, v, a2);
            b2 = Lanes.MultiplyAdd(p1, v, b2);
            v = Vector256.Load(value + 3 * Step);
            a3 = Lanes.MultiplyAdd(p0, v, a3);
            b3 = Lanes.MultiplyAdd(p1, v, b3);
        }

        Store(o, a0, a1, a2, a3);
        Store(o + dim, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Three(float* p, long stride, float* value, long valueStride, int count, float* o, long dim, byte* fetch, long step)
    {
        Load(o, out var a0, out var a1, out var a2, out var a3);
        Load(o + dim, out var b0, out var b1, out var b2, out var b3);
        Load(o + 2 * dim, out var c0, out var c1, out var c2, out var c3);
        for (; count > 0; count--, p += stride, value += valueStride)
        {
            Prefetch.Step(ref fetch, step);
            var p0 = Vector256.Create(p[0]);
            var p1 = Vector256.Create(p[1]);
            var p2 = Vector256.Create(p[2]);
            var v = Vector256.Load(value);
            a0 = Lanes.MultiplyAdd(p0, v, a0);
            b0 = Lanes.MultiplyAdd(p1, v, b0);
            c0 = Lanes.MultiplyAdd(p2, v, c0);
            v = Vector256.Load(value + Step);
            a1 = Lanes.MultiplyAdd(p0, v, a1);
            b1 = Lanes.MultiplyAdd(p1, v, b1);
            c1 = Lanes.MultiplyAdd(p2, v, c1);
            v = Vector256.Load(value + 2 * Step);
            a2 = Lanes.MultiplyAdd(p0, v, a2);
            b2 = Lanes.MultiplyAdd(p1, v, b2);
            c2 = Lanes.MultiplyAdd(p2, v, c2);
            v = Vector256.Load(value + 3 * Step);
            a3 = Lanes.MultiplyAdd(p0, v, a3);
            b3 = Lanes.MultiplyAdd(p1, v, b3);
            c3 = Lanes.MultiplyAdd(p2, v, c3);
        }

        Store(o, a0, a1, a2, a3);
        Store(o + dim, b0, b1, b2, b3);
        Store(o + 2 * dim, c0, c1, c2, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load(float* o, out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3)
    {
        a0 = Vector256.Load(o);
        a1 = Vector256.Load(o + Step);
        a2 = Vector256.Load(o + 2 * Step);
        a3 = Vector256.Load(o + 3 * Step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* o, Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3)
    {
        a0.Store(o);
        a1.Store(o + Step);
        a2.Store(o + 2 * Step);
        a3.Store(o + 3 * Step);
    }
}
