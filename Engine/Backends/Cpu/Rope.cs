using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Half-split rotation of every head: a = x[i], b = x[i + D/2] become a·cos - b·sin and b·cos + a·sin.</summary>
internal static unsafe class Rope
{
    private const int RowsPerItem = 8;

    // angles: [T, D], D/2 cosines, then D/2 sines of each row.
    public static void Run(ThreadTeam team, float* x, int tokens, int heads, int half, float* angles)
    {
        var job = new Job { X = x, Tokens = tokens, Heads = heads, Half = half, Angles = angles };
        team.Run(&Item, &job, (tokens + RowsPerItem - 1) / RowsPerItem);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Item(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var end = Math.Min(job->Tokens, (item + 1) * RowsPerItem);
        for (var t = item * RowsPerItem; t < end; t++)
        {
            var cos = job->Angles + (long)t * 2 * job->Half;
            for (var head = 0; head < job->Heads; head++)
            {
                Rotate(job->X + ((long)t * job->Heads + head) * 2 * job->Half, cos, cos + job->Half, job->Half);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rotate(float* x, float* cos, float* sin, int half)
    {
        var i = 0;
        for (; i <= half - Lanes.Count; i += Lanes.Count)
        {
            var (a, b) = (Vector256.Load(x + i), Vector256.Load(x + half + i));
            var (c, s) = (Vector256.Load(cos + i), Vector256.Load(sin + i));
            Lanes.MultiplyAdd(a, c, -(b * s)).Store(x + i);
            Lanes.MultiplyAdd(b, c, a * s).Store(x + half + i);
        }

        for (; i < half; i++)
        {
            var (a, b) = (x[i], x[half + i]);
            x[i] = Lanes.MultiplyAdd(a, cos[i], -(b * sin[i]));
            x[half + i] = Lanes.MultiplyAdd(b, cos[i], a * sin[i]);
        }
    }

    private struct Job
    {
        public float* X;
        public int Tokens;
        public int Heads;
        public int Half;
        public float* Angles;
    }
}
