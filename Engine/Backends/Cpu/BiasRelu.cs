using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>x = max(0, x + bias). A NaN stays one.</summary>
internal static unsafe class BiasRelu
{
    private const int RowsPerItem = 8;

    public static void Run(ThreadTeam team, float* x, int tokens, MappedWeight bias)
    {
        var job = new Job { X = x, Tokens = tokens, Columns = bias.Columns, Bias = bias.Data, Type = bias.Type };
        team.Run(&Item, &job, (tokens + RowsPerItem - 1) / RowsPerItem);
    }

    private static void Item(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var end = Math.Min(job->Tokens, (item + 1) * RowsPerItem);
        for (var t = item * RowsPerItem; t < end; t++)
        {
            var x = job->X + (long)t * job->Columns;
            switch (job->Type)
            {
                case DataType.BFloat16: Row<BFloat16Element>(x, job->Columns, job->Bias); break;
                case DataType.Float16: Row<Float16Element>(x, job->Columns, job->Bias); break;
                default: Row<Float32Element>(x, job->Columns, job->Bias); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row<TElement>(float* x, int count, byte* bias)
        where TElement : IElement
    {
        var k = 0;
        for (; k <= count - Lanes.Count; k += Lanes.Count)
        {
            var sum = Vector256.Load(x + k) + TElement.Load(bias + (long)k * TElement.Size);
            Vector256.ConditionalSelect(Vector256.LessThanOrEqual(sum, Vector256<float>.Zero), Vector256<float>.Zero, sum).Store(x + k);
        }

        for (; k < count; k++)
        {
            var sum = x[k] + TElement.LoadScalar(bias + (long)k * TElement.Size);
            x[k] = sum <= 0 ? 0 : sum;
        }
    }

    private struct Job
    {
        public float* X;
        public int Tokens;
        public int Columns;
        public byte* Bias;
        public DataType Type;
    }
}
