using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Inner loops of attention. A score is a sum in <see cref="Lanes"/> order; a value sum runs over the keys in order, lanes lying along D.</summary>
internal static unsafe class AttentionKernels
{
    /// <summary>Most queries that <see cref="AddValues"/> takes.</summary>
    public const int ValueQueries = 3;

    private const int Step = Lanes.Count;

    /// <summary>scores[q, j] = scale · (query q · key j). All rows are padded to <paramref name="dim"/>, a multiple of 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(float* queries, int queryCount, float* keys, long keyStride, int keyCount, long dim, float scale, float* scores, long scoreStride, Prefetch next)
    {
        var j = 0;
        for (; j <= keyCount - 4; j += 4, keys += 4 * keyStride)
        {
            next.Part(keyCount / 4);
            var query = queries;
            var target = scores + j;
            var q = 0;
            for (; q <= queryCount - 2; q += 2, query += 2 * dim, target += 2 * scoreStride)
            {
                var sums = Scores4Keys2Queries(query, keys, keyStride, dim) * scale;
                sums.GetLower().Store(target);
                sums.GetUpper().Store(target + scoreStride);
            }

            if (q < queryCount)
            {
                (Scores4Keys(query, keys, keyStride, dim) * scale).Store(target);
            }
        }

        for (; j < keyCount; j++, keys += keyStride)
        {
            for (var q = 0; q < queryCount; q++)
            {
                scores[q * scoreStride + j] = Score(queries + q * dim, keys, dim) * scale;
            }
        }
    }

    /// <summary>Replaces scores [first, end) by exp(score - maximum), and what lies beside them up to multiples of 8 by 0. Maximum -∞ and sum 0 when there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* scores, int first, int end, out float maximum, out float sum)
    {
        maximum = float.NegativeInfinity;
        sum = 0;
        if (first >= end)
        {
            return;
        }

        var low = first & -Step;
        var high = Lanes.RoundUp(end);
        new Span<float>(scores + low, first - low).Fill(float.NegativeInfinity);
        new Span<float>(scores + end, high - end).Fill(float.NegativeInfinity);
        var largest = Vector256.Create(float.NegativeInfinity);
        for (var j = low; j < high; j += Step)
        {
            largest = Vector256.Max(largest, Vector256.Load(scores + j));
        }

        maximum = Lanes.Max(largest);
        var shift = Vector256.Create(maximum);
        var sums = Vector256<float>.Zero;
        for (var j = low; j < high; j += Step)
        {
            var p = Exponential.NotPositive(Vector256.Load(scores + j) - shift);
            p.Store(scores + j);
            sums += p;
        }

        sum = Lanes.Sum(sums);
    }

    /// <summary>o[q] += Σ_j p[q, j] · value j, for 1 to 3 queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddValues(float* p, int pStride, int queries, float* values, int valueStride, int count, float* o, int dim, ref Prefetch next)
    {
        var d = 0;
        for (; d <= dim - 4 * Step; d += 4 * Step)
        {
            var fetch = next.Lines(2 * count, values, out var step);
            switch (queries)
            {
                case 1: Values1Query(p, values + d, valueStride, count, o + d, fetch, step); break;
                case 2: Values2Queries(p, pStride, values + d, valueStride, count, o + d, dim, fetch, step); break;
                default: Values3Queries(p, pStride, values + d, valueStride, count, o + d, dim, fetch, step); break;
            }
        }

        for (; d < dim; d += Step)
        {
            for (var q = 0; q < queries; q++)
            {
                Values1Vector(p + q * pStride, values + d, valueStride, count, o + q * dim + d);
            }
        }
    }

    private static float Score(float* query, float* key, long dim)
    {
        var sum = Vector256<float>.Zero;
        for (long d = 0; d < dim; d += Step)
        {
            sum = Lanes.MultiplyAdd(Vector256.Load(key + d), Vector256.Load(query + d), sum);
        }

        return Lanes.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scores4Keys(float* query, float* key, long keyStride, long dim)
    {
        var key2 = key + 2 * keyStride;
        var (a0, a1, a2, a3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (long d = 0; d < dim; d += Step)
        {
            var q = Vector256.Load(query + d);
            a0 = Lanes.MultiplyAdd(Vector256.Load(key + d), q, a0);
            a1 = Lanes.MultiplyAdd(Vector256.Load(key + keyStride + d), q, a1);
            a2 = Lanes.MultiplyAdd(Vector256.Load(key2 + d), q, a2);
            a3 = Lanes.MultiplyAdd(Vector256.Load(key2 + keyStride + d), q, a3);
        }

        return Lanes.Sum(a0, a1, a2, a3);
    }

    /// <summary>The scores of 4 keys for a query in the lower half, for the next query in the upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scores4Keys2Queries(float* query, float* key, long keyStride, long dim)
    {
        var next = query + dim;
        var key2 = key + 2 * keyStride;
        var (a0, a1, a2, a3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var (b0, b1, b2, b3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        for (long d = 0; d < dim; d += Step)
        {
            var q = Vector256.Load(query + d);
            var r = Vector256.Load(next + d);
            var k = Vector256.Load(key + d);
            a0 = Lanes.MultiplyAdd(k, q, a0);
            b0 = Lanes.MultiplyAdd(k, r, b0);
            k = Vector256.Load(key + keyStride + d);
            a1 = Lanes.MultiplyAdd(k, q, a1);
            b1 = Lanes.MultiplyAdd(k, r, b1);
            k = Vector256.Load(key2 + d);
            a2 = Lanes.MultiplyAdd(k, q, a2);
            b2 = Lanes.MultiplyAdd(k, r, b2);
            k = Vector256.Load(key2 + keyStride + d);
            a3 = Lanes.MultiplyAdd(k, q, a3);
            b3 = Lanes.MultiplyAdd(k, r, b3);
        }

        return Lanes.Sum(a0, a1, a2, a3, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values1Vector(float* p, float* value, int valueStride, int count, float* o)
    {
        var sum = Vector256.Load(o);
        for (var j = 0; j < count; j++, value += valueStride)
        {
            sum = Lanes.MultiplyAdd(Vector256.Create(p[j]), Vector256.Load(value), sum);
        }

        sum.Store(o);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values1Query(float* p, float* value, int valueStride, int count, float* o, byte* fetch, long fetchStep)
    {
        var (a0, a1, a2, a3) = (Vector256.Load(o), Vector256.Load(o + 8), Vector256.Load(o + 16), Vector256.Load(o + 24));
        for (var j = 0; j < count; j++, value += valueStride)
        {
            Prefetch.TwoLines(ref fetch, fetchStep);
            var weight = Vector256.Create(p[j]);
            a0 = Lanes.MultiplyAdd(weight, Vector256.Load(value), a0);
            a1 = Lanes.MultiplyAdd(weight, Vector256.Load(value + 8), a1);
            a2 = Lanes.MultiplyAdd(weight, Vector256.Load(value + 16), a2);
            a3 = Lanes.MultiplyAdd(weight, Vector256.Load(value + 24), a3);
        }

        Store(o, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values2Queries(float* p, int pStride, float* value, int valueStride, int count, float* o, int dim, byte* fetch, long fetchStep)
    {
        var o1 = o + dim;
        var (a0, a1, a2, a3) = (Vector256.Load(o), Vector256.Load(o + 8), Vector256.Load(o + 16), Vector256.Load(o + 24));
        var (b0, b1, b2, b3) = (Vector256.Load(o1), Vector256.Load(o1 + 8), Vector256.Load(o1 + 16), Vector256.Load(o1 + 24));
        for (var j = 0; j < count; j++, value += valueStride)
        {
            Prefetch.TwoLines(ref fetch, fetchStep);
            var weight = Vector256.Create(p[j]);
            var weight1 = Vector256.Create(p[j + pStride]);
            var v = Vector256.Load(value);
            a0 = Lanes.MultiplyAdd(weight, v, a0);
            b0 = Lanes.MultiplyAdd(weight1, v, b0);
            v = Vector256.Load(value + 8);
            a1 = Lanes.MultiplyAdd(weight, v, a1);
            b1 = Lanes.MultiplyAdd(weight1, v, b1);
            v = Vector256.Load(value + 16);
            a2 = Lanes.MultiplyAdd(weight, v, a2);
            b2 = Lanes.MultiplyAdd(weight1, v, b2);
            v = Vector256.Load(value + 24);
            a3 = Lanes.MultiplyAdd(weight, v, a3);
            b3 = Lanes.MultiplyAdd(weight1, v, b3);
        }

        Store(o, a0, a1, a2, a3);
        Store(o1, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Values3Queries(float* p, int pStride, float* value, int valueStride, int count, float* o, int dim, byte* fetch, long fetchStep)
    {
        var o1 = o + dim;
        var o2 = o1 + dim;
        var p1 = p + pStride;
        var p2 = p1 + pStride;
        var (a0, a1, a2, a3) = (Vector256.Load(o), Vector256.Load(o + 8), Vector256.Load(o + 16), Vector256.Load(o + 24));
        var (b0, b1, b2, b3) = (Vector256.Load(o1), Vector256.Load(o1 + 8), Vector256.Load(o1 + 16), Vector256.Load(o1 + 24));
        var (c0, c1, c2, c3) = (Vector256.Load(o2), Vector256.Load(o2 + 8), Vector256.Load(o2 + 16), Vector256.Load(o2 + 24));
        for (long j = 0; j < count; j++, value += valueStride)
        {
            Prefetch.TwoLines(ref fetch, fetchStep);
            var weight = Vector256.Create(p[j]);
            var weight1 = Vector256.Create(p1[j]);
            var weight2 = Vector256.Create(p2[j]);
            var v = Vector256.Load(value);
            a0 = Lanes.MultiplyAdd(weight, v, a0);
            b0 = Lanes.MultiplyAdd(weight1, v, b0);
            c0 = Lanes.MultiplyAdd(weight2, v, c0);
            v = Vector256.Load(value + 8);
            a1 = Lanes.MultiplyAdd(weight, v, a1);
            b1 = Lanes.MultiplyAdd(weight1, v, b1);
            c1 = Lanes.MultiplyAdd(weight2, v, c1);
            v = Vector256.Load(value + 16);
            a2 = Lanes.MultiplyAdd(weight, v, a2);
            b2 = Lanes.MultiplyAdd(weight1, v, b2);
            c2 = Lanes.MultiplyAdd(weight2, v, c2);
            v = Vector256.Load(value + 24);
            a3 = Lanes.MultiplyAdd(weight, v, a3);
            b3 = Lanes.MultiplyAdd(weight1, v, b3);
            c3 = Lanes.MultiplyAdd(weight2, v, c3);
        }

        Store(o, a0, a1, a2, a3);
        Store(o1, b0, b1, b2, b3);
        Store(o2, c0, c1, c2, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* o, Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3)
    {
        a0.Store(o);
        a1.Store(o + 8);
        a2.Store(o + 16);
        a3.Store(o + 24);
    }
}
