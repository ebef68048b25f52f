using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>What a chunk's scores and keys become before they meet values and state.</summary>
internal static unsafe class ChunkWeights
{
    private const int Vector = ChunkKernels.Vector;

    /// <summary>The weights of the values that each row reads: scores in lanes, four keys at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Weigh(in ChunkRows rows, in ChunkTables tables)
    {
        var distance = tables.Distance;
        for (var r = 0; r < rows.Count; r++)
        {
            var place = rows.First + r;
            var q = rows.Queries + r * rows.RowStride;
            var weights = tables.Weights + place * rows.ChunkTokens;
            var m = 0;
            for (; m + 3 <= place; m += 4)
            {
                var four = Scores(q, rows.Keys + m, rows.Dim);
                weights[m] = four.GetElement(0) * distance[place - m];
                weights[m + 1] = four.GetElement(1) * distance[place - m - 1];
                weights[m + 2] = four.GetElement(2) * distance[place - m - 2];
                weights[m + 3] = four.GetElement(3) * distance[place - m - 3];
            }

            for (; m <= place; m++)
            {
                weights[m] = Score(q, rows.Keys[m], rows.Dim) * distance[place - m];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scores(float* q, float** keys, int dim)
    {
        float* k0 = keys[0], k1 = keys[1], k2 = keys[2], k3 = keys[3];
        var (s0, s1, s2, s3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var i = 0;
        for (; i <= dim - Vector; i += Vector)
        {
            var query = Vector256.Load(q + i);
            s0 = Lanes.MultiplyAdd(query, Vector256.Load(k0 + i), s0);
            s1 = Lanes.MultiplyAdd(query, Vector256.Load(k1 + i), s1);
            s2 = Lanes.MultiplyAdd(query, Vector256.Load(k2 + i), s2);
            s3 = Lanes.MultiplyAdd(query, Vector256.Load(k3 + i), s3);
        }

        if (i < dim)
        {
            var query = Tail(q + i, dim - i);
            s0 = Lanes.MultiplyAdd(query, Tail(k0 + i, dim - i), s0);
            s1 = Lanes.MultiplyAdd(query, Tail(k1 + i, dim - i), s1);
            s2 = Lanes.MultiplyAdd(query, Tail(k2 + i, dim - i), s2);
            s3 = Lanes.MultiplyAdd(query, Tail(k3 + i, dim - i), s3);
        }

        return Lanes.Sum(s0, s1, s2, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Score(float* q, float* k, int dim)
    {
        var sum = Vector256<float>.Zero;
        var i = 0;
        for (; i <= dim - Vector; i += Vector)
        {
            sum = Lanes.MultiplyAdd(Vector256.Load(q + i), Vector256.Load(k + i), sum);
        }

        return Lanes.Sum(i < dim ? Lanes.MultiplyAdd(Tail(q + i, dim - i), Tail(k + i, dim - i), sum) : sum);
    }

    private static Vector256<float> Tail(float* source, int count) => Lanes.LoadTail<Float32Element>((byte*)source, count);

    public static void KeepKeys(in ChunkRows rows, in ChunkTables tables)
    {
        for (var m = 0; m < rows.ChunkTokens; m++)
        {
            float* key = rows.Keys[m], kept = tables.KeptKeys + (long)m * rows.Dim;
            var factor = tables.Keep[m];
            var i = 0;
            for (; i <= rows.Dim - Vector; i += Vector)
            {
                (Vector256.Load(key + i) * factor).Store(kept + i);
            }

            for (; i < rows.Dim; i++)
            {
                kept[i] = factor * key[i];
            }
        }
    }
}
