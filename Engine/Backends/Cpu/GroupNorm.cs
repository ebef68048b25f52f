using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Per row and head: (x - mean) / sqrt(biased variance + epsilon), in two passes.</summary>
internal static unsafe class GroupNorm
{
    private const int RowsPerItem = 8;

    public static void Run(ThreadTeam team, float* x, int tokens, int heads, int dim, float epsilon)
    {
        var job = new Job { X = x, Tokens = tokens, Heads = heads, Dim = dim, Epsilon = epsilon };
        team.Run(&Item, &job, (tokens + RowsPerItem - 1) / RowsPerItem);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Item(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var end = Math.Min(job->Tokens, (item + 1) * RowsPerItem);
        for (var t = item * RowsPerItem; t < end; t++)
        {
            for (var head = 0; head < job->Heads; head++)
            {
                Normalize(job->X + ((long)t * job->Heads + head) * job->Dim, job->Dim, job->Epsilon);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Normalize(float* x, int count, float epsilon)
    {
        var mean = Lanes.Sum(Sum(x, count)) / count;
        var scale = 1 / MathF.Sqrt(Lanes.Sum(SumOfSquares(x, count, mean)) / count + epsilon);
        for (var k = 0; k < count; k++)
        {
            x[k] = (x[k] - mean) * scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> Sum(float* x, int count)
    {
        var sum = Vector256<float>.Zero;
        var k = 0;
        for (; k <= count - Lanes.Count; k += Lanes.Count)
        {
            sum += Vector256.Load(x + k);
        }

        return k < count ? sum + Lanes.LoadTail<Float32Element>((byte*)(x + k), count - k) : sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> SumOfSquares(float* x, int count, float mean)
    {
        var sum = Vector256<float>.Zero;
        var k = 0;
        for (; k <= count - Lanes.Count; k += Lanes.Count)
        {
            var centred = Vector256.Load(x + k) - Vector256.Create(mean);
            sum = Lanes.MultiplyAdd(centred, centred, sum);
        }

        for (var lane = 0; k < count; k++, lane++)
        {
            var centred = x[k] - mean;
            sum = sum.WithElement(lane, Lanes.MultiplyAdd(centred, centred, sum[lane]));
        }

        return sum;
    }

    private struct Job
    {
        public float* X;
        public int Tokens;
        public int Heads;
        public int Dim;
        public float Epsilon;
    }
}
