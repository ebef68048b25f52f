using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>gate = silu(gate) ⊙ up, silu(x) = x / (1 + exp(-x)).</summary>
internal static unsafe class SwiGlu
{
    private const long ElementsPerItem = 4096;

    public static void Run(ThreadTeam team, float* gate, float* up, long count)
    {
        var job = new Job { Gate = gate, Up = up, Count = count };
        team.Run(&Item, &job, (int)((count + ElementsPerItem - 1) / ElementsPerItem));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Item(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var end = Math.Min(job->Count, (item + 1) * ElementsPerItem);
        var i = item * ElementsPerItem;
        for (; i <= end - Lanes.Count; i += Lanes.Count)
        {
            (Silu(Vector256.Load(job->Gate + i)) * Vector256.Load(job->Up + i)).Store(job->Gate + i);
        }

        for (; i < end; i++)
        {
            job->Gate[i] = Silu(Vector256.Create(job->Gate[i])).ToScalar() * job->Up[i];
        }
    }

    /// <summary>With e = exp(-|x|) nothing overflows: x / (1 + e) for x ≥ 0, else x · e / (1 + e).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Silu(Vector256<float> x)
    {
        var e = Exponential.NotPositive(-Vector256.Abs(x));
        var numerator = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256<float>.Zero), x * e, x);
        return numerator / (Vector256<float>.One + e);
    }

    private struct Job
    {
        public float* Gate;
        public float* Up;
        public long Count;
    }
}
