using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// scores[key, query] = scale · Σ_d keys[key, d] · queries[d, query], d ascending. Lanes are queries, so a key's element is broadcast from where it lies and
/// nothing is added across lanes.
/// </summary>
internal static unsafe class ScoreKernels
{
    private const int Step = Lanes.Count;

    /// <param name="queries">[dim, 8 · vectors]</param>
    /// <param name="vectors">Queries / 8.</param>
    /// <param name="keys">Key 0; the others follow at <paramref name="keyStride"/>.</param>
    /// <param name="keyStride">Floats from key to key.</param>
    /// <param name="count">Keys.</param>
    /// <param name="dim">D.</param>
    /// <param name="scale">Factor on the sums.</param>
    /// <param name="scores">[count, 8 · vectors]</param>
    /// <param name="next">Memory to be fetched meanwhile.</param>
    public static void Run(float* queries, int vectors, float* keys, long keyStride, int count, int dim, float scale, float* scores, Prefetch next)
    {
        long stride = vectors * Step;
        var v = 0;
        for (; v <= vectors - 3; v += 3)
        {
            Three(queries + v * Step, stride, keys, keyStride, count, dim, Vector256.Create(scale), scores + v * Step, next.Take());
        }

        if (vectors - v == 2)
        {
            Two(queries + v * Step, stride, keys, keyStride, count, dim, Vector256.Create(scale), scores + v * Step, next.Take());
        }
        else if (vectors - v == 1)
        {
            One(queries + v * Step, stride, keys, keyStride, count, dim, Vector256.Create(scale), scores + v * Step, next.Take());
        }
    }

    /// <summary>24 queries, 4 keys at a time: 12 accumulators.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Three(
        float* queries, long stride, float* keys, long keyStride, int count, long dim, Vector256<float> scale, float* scores, Prefetch next)
    {
        var j = 0;
        var fetch = next.Shares(count / 4, out var share);
        for (; j <= count - 4; j += 4, keys += 4 * keyStride, scores += 4 * stride)
        {
            fetch = Prefetch.Bytes(fetch, share);
            var k1 = keys + keyStride;
            var k2 = k1 + keyStride;
            var k3 = k2 + keyStride;
            var (a0, b0, c0) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            var (a1, b1, c1) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            var (a2, b2, c2) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            var (a3, b3, c3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            var q = queries;
            for (long d = 0; d < dim; d++, q += stride)
            {
                var q0 = Vector256.Load(q);
                var q1 = Vector256.Load(q + Step);
                var q2 = Vector256.Load(q + 2 * Step);
                var k = Vector256.Create(keys[d]);
                a0 = Lanes.MultiplyAdd(k, q0, a0);
                b0 = Lanes.MultiplyAdd(k, q1, b0);
                c0 = Lanes.MultiplyAdd(k, q2, c0);
                k = Vector256.Create(k1[d]);
                a1 = Lanes.MultiplyAdd(k, q0, a1);
                b1 = Lanes.MultiplyAdd(k, q1, b1);
                c1 = Lanes.MultiplyAdd(k, q2, c1);
                k = Vector256.Create(k2[d]);
                a2 = Lanes.MultiplyAdd(k, q0, a2);
                b2 = Lanes.MultiplyAdd(k, q1, b2);
                c2 = Lanes.MultiplyAdd(k, q2, c2);
                k = Vector256.Create(k3[d]);
                a3 = Lanes.MultiplyAdd(k, q0, a3);
                b3 = Lanes.MultiplyAdd(k, q1, b3);
                c3 = Lanes.MultiplyAdd(k, q2, c3);
            }

            (a0 * scale).Store(scores);
            (b0 * scale).Store(scores + Step);
            (c0 * scale).Store(scores + 2 * Step);
            (a1 * scale).Store(scores + stride);
            (b1 * scale).Store(scores + stride + Step);
            (c1 * scale).Store(scores + stride + 2 * Step);
            (a2 * scale).Store(scores + 2 * stride);
            (b2 * scale).Store(scores + 2 * stride + Step);
            (c2 * scale).Store(scores + 2 * stride + 2 * Step);
            (a3 * scale).Store(scores + 3 * stride);
            (b3 * scale).Store(scores + 3 * stride + Step);
            (c3 * scale).Store(scores + 3 * stride + 2 * Step);
        }

        for (; j < count; j++, keys += keyStride, scores += stride)
        {
            for (var v = 0; v < 3; v++)
            {
                Single(queries + v * Step, stride, keys, dim, scale, scores + v * Step);
            }
        }
    }

    /// <summary>16 queries, 4 keys at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Two(
        float* queries, long stride, float* keys, long keyStride, int count, long dim, Vector256<float> scale, float* scores, Prefetch next)
    {
        var j = 0;
        var fetch = next.Shares(count / 4, out var share);
        for (; j <= count - 4; j += 4, keys += 4 * keyStride, scores += 4 * stride)
        {
            fetch = Prefetch.Bytes(fetch, share);
            var k1 = keys + keyStride;
            var k2 = k1 + keyStride;
            var k3 = k2 + keyStride;
            var (a0, b0) = (Vector256<float>.Zero, Vector256<float>.Zero);
            var (a1, b1) = (Vector256<float>.Zero, Vector256<float>.Zero);
            var (a2, b2) = (Vector256<float>.Zero, Vector256<float>.Zero);
            var (a3, b3) = (Vector256<float>.Zero, Vector256<float>.Zero);
            var q = queries;
            for (long d = 0; d < dim; d++, q += stride)
            {
                var q0 = Vector256.Load(q);
                var q1 = Vector256.Load(q + Step);
                var k = Vector256.Create(keys[d]);
                a0 = Lanes.MultiplyAdd(k, q0, a0);
                b0 = Lanes.MultiplyAdd(k, q1, b0);
                k = Vector256.Create(k1[d]);
                a1 = Lanes.MultiplyAdd(k, q0, a1);
                b1 = Lanes.MultiplyAdd(k, q1, b1);
                k = Vector256.Create(k2[d]);
                a2 = Lanes.MultiplyAdd(k, q0, a2);
                b2 = Lanes.MultiplyAdd(k, q1, b2);
                k = Vector256.Create(k3[d]);
                a3 = Lanes.MultiplyAdd(k, q0, a3);
                b3 = Lanes.MultiplyAdd(k, q1, b3);
            }

            (a0 * scale).Store(scores);
            (b0 * scale).Store(scores + Step);
            (a1 * scale).Store(scores + stride);
            (b1 * scale).Store(scores + stride + Step);
            (a2 * scale).Store(scores + 2 * stride);
            (b2 * scale).Store(scores + 2 * stride + Step);
            (a3 * scale).Store(scores + 3 * stride);
            (b3 * scale).Store(scores + 3 * stride + Step);
        }

        for (; j < count; j++, keys += keyStride, scores += stride)
        {
            for (var v = 0; v < 2; v++)
            {
                Single(queries + v * Step, stride, keys, dim, scale, scores + v * Step);
            }
        }
    }

    /// <summary>8 queries, 8 keys at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void One(
        float* queries, long stride, float* keys, long keyStride, int count, long dim, Vector256<float> scale, float* scores, Prefetch next)
    {
        var j = 0;
        var fetch = next.Steps(count * dim / 8, queries, out var step);
        for (; j <= count - 8; j += 8, keys += 8 * keyStride, scores += 8 * stride)
        {
            var k1 = keys + keyStride;
            var k2 = k1 + keyStride;
            var k3 = k2 + keyStride;
            var k4 = k3 + keyStride;
            var k5 = k4 + keyStride;
            var k6 = k5 + keyStride;
            var k7 = k6 + keyStride;
            var a0 = Vector256<float>.Zero;
            var a1 = Vector256<float>.Zero;
            var a2 = Vector256<float>.Zero;
            var a3 = Vector256<float>.Zero;
            var a4 = Vector256<float>.Zero;
            var a5 = Vector256<float>.Zero;
            var a6 = Vector256<float>.Zero;
            var a7 = Vector256<float>.Zero;
            var q = queries;
            for (long d = 0; d < dim; d++, q += stride)
            {
                Prefetch.Step(ref fetch, step);
                var q0 = Vector256.Load(q);
                var k = Vector256.Create(keys[d]);
                a0 = Lanes.MultiplyAdd(k, q0, a0);
                k = Vector256.Create(k1[d]);
                a1 = Lanes.MultiplyAdd(k, q0, a1);
                k = Vector256.Create(k2[d]);
                a2 = Lanes.MultiplyAdd(k, q0, a2);
                k = Vector256.Create(k3[d]);
                a3 = Lanes.MultiplyAdd(k, q0, a3);
                k = Vector256.Create(k4[d]);
                a4 = Lanes.MultiplyAdd(k, q0, a4);
                k = Vector256.Create(k5[d]);
                a5 = Lanes.MultiplyAdd(k, q0, a5);
                k = Vector256.Create(k6[d]);
                a6 = Lanes.MultiplyAdd(k, q0, a6);
                k = Vector256.Create(k7[d]);
                a7 = Lanes.MultiplyAdd(k, q0, a7);
            }

            (a0 * scale).Store(scores);
            (a1 * scale).Store(scores + stride);
            (a2 * scale).Store(scores + 2 * stride);
            (a3 * scale).Store(scores + 3 * stride);
            (a4 * scale).Store(scores + 4 * stride);
            (a5 * scale).Store(scores + 5 * stride);
            (a6 * scale).Store(scores + 6 * stride);
            (a7 * scale).Store(scores + 7 * stride);
        }

        for (; j < count; j++, keys += keyStride, scores += stride)
        {
            Single(queries, stride, keys, dim, scale, scores);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Single(float* queries, long stride, float* key, long dim, Vector256<float> scale, float* score)
    {
        var sum = Vector256<float>.Zero;
        for (long d = 0; d < dim; d++, queries += stride)
        {
            sum = Lanes.MultiplyAdd(Vector256.Create(key[d]), Vector256.Load(queries), sum);
        }

        (sum * scale).Store(score);
    }
}
