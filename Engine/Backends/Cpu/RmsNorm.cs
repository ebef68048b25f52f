using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>y[t] = x[t] / sqrt(mean(x[t]²) + epsilon) ⊙ weight.</summary>
internal static unsafe class RmsNorm
{
    private const int RowsPerItem = 8;

    public static void Run(ThreadTeam team, float* x, int tokens, MappedWeight weight, float epsilon, float* y)
    {
        var job = new Job { X = x, Y = y, Tokens = tokens, Columns = weight.Columns, Weight = weight.Data, Type = weight.Type, Epsilon = epsilon };
        team.Run(&Item, &job, (tokens + RowsPerItem - 1) / RowsPerItem);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Item(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var end = Math.Min(job->Tokens, (item + 1) * RowsPerItem);
        for (var t = item * RowsPerItem; t < end; t++)
        {
            var x = job->X + (long)t * job->Columns;
            var y = job->Y + (long)t * job->Columns;
            var scale = 1 / MathF.Sqrt(SumOfSquares(x, job->Columns) / job->Columns + job->Epsilon);
            switch (job->Type)
            {
                case DataType.BFloat16: Scale<BFloat16Element>(x, y, job->Columns, scale, job->Weight); break;
                case DataType.Float16: Scale<Float16Element>(x, y, job->Columns, scale, job->Weight); break;
                default: Scale<Float32Element>(x, y, job->Columns, scale, job->Weight); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SumOfSquares(float* x, int count)
    {
        var sum = Vector256<float>.Zero;
        var k = 0;
        for (; k <= count - Lanes.Count; k += Lanes.Count)
        {
            var v = Vector256.Load(x + k);
            sum = Lanes.MultiplyAdd(v, v, sum);
        }

        if (k < count)
        {
            var v = Lanes.LoadTail<Float32Element>((byte*)(x + k), count - k);
            sum = Lanes.MultiplyAdd(v, v, sum);
        }

        return Lanes.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale<TElement>(float* x, float* y, int count, float scale, byte* weight)
        where TElement : IElement
    {
        var k = 0;
        for (; k <= count - Lanes.Count; k += Lanes.Count)
        {
            (Vector256.Load(x + k) * scale * TElement.Load(weight + (long)k * TElement.Size)).Store(y + k);
        }

        for (; k < count; k++)
        {
            y[k] = x[k] * scale * TElement.LoadScalar(weight + (long)k * TElement.Size);
        }
    }

    private struct Job
    {
        public float* X;
        public float* Y;
        public int Tokens;
        public int Columns;
        public byte* Weight;
        public DataType Type;
        public float Epsilon;
    }
}
