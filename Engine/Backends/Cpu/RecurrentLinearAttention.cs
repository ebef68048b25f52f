using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// The recurrent form (spec §3.4), token by token whatever the chunk: S += k vᵀ, o = qᵀ S, S = γ S, with k divided by sqrt(D). Lanes lie along the value
/// dimensions and the sum over key dimensions runs in order, so a column's arithmetic depends on nothing else. A strip of 32 columns stays in the
/// first-level cache while all rows of a segment pass.
/// </summary>
internal static unsafe class RecurrentLinearAttention
{
    private const int StripColumns = 4 * Lanes.Count;

    public static void Run(ThreadTeam team, LinearAttentionJob job)
    {
        job.Columns = (job.HeadDim + StripColumns - 1) / StripColumns;
        team.Run(&Item, &job, job.SegmentCount * job.Heads * job.Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Item(void* context, int item, int thread)
    {
        var job = (LinearAttentionJob*)context;
        var strip = item % job->Columns;
        var head = item / job->Columns % job->Heads;
        var segment = job->Segments[item / job->Columns / job->Heads];
        var dim = job->HeadDim;
        var state = job->States + segment.Slot * job->SlotElements + (long)head * dim * dim;
        var first = strip * StripColumns;
        var width = Math.Min(StripColumns, dim - first);
        var scale = 1 / MathF.Sqrt(dim);
        for (var i = 0; i < segment.RowCount; i++)
        {
            var row = (long)(segment.FirstRow + i);
            var q = job->Queries + (row * job->Heads + head) * dim;
            var o = job->Output + (row * job->Heads + head) * dim + first;
            var sharedHead = head / (job->Heads / job->KeyValueHeads);
            var k = job->Keys + (row * job->KeyValueHeads + sharedHead) * dim;
            var v = job->Values + (row * job->KeyValueHeads + sharedHead) * dim + first;
            Advance(q, k, v, state + first, dim, width, scale, job->Decay[head], o);
        }
    }

    private static void Advance(float* q, float* k, float* v, float* state, int dim, int width, float scale, float decay, float* o)
    {
        if (width == StripColumns)
        {
            AdvanceStrip(q, k, v, state, dim, scale, decay, o);
            return;
        }

        var column = 0;
        for (; column <= width - Lanes.Count; column += Lanes.Count)
        {
            AdvanceVector(q, k, v + column, state + column, dim, scale, decay, o + column);
        }

        for (; column < width; column++)
        {
            AdvanceColumn(q, k, v[column], state + column, dim, scale, decay, out o[column]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AdvanceStrip(float* q, float* k, float* v, float* state, int dim, float scale, float decay, float* o)
    {
        var (v0, v1, v2, v3) = (Vector256.Load(v), Vector256.Load(v + 8), Vector256.Load(v + 16), Vector256.Load(v + 24));
        var (o0, o1, o2, o3) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var gamma = Vector256.Create(decay);
        for (var i = 0; i < dim; i++, state += dim)
        {
            var key = Vector256.Create(k[i] * scale);
            var query = Vector256.Create(q[i]);
            var s0 = Lanes.MultiplyAdd(key, v0, Vector256.Load(state));
            var s1 = Lanes.MultiplyAdd(key, v1, Vector256.Load(state + 8));
            var s2 = Lanes.MultiplyAdd(key, v2, Vector256.Load(state + 16));
            var s3 = Lanes.MultiplyAdd(key, v3, Vector256.Load(state + 24));
            o0 = Lanes.MultiplyAdd(query, s0, o0);
            o1 = Lanes.MultiplyAdd(query, s1, o1);
            o2 = Lanes.MultiplyAdd(query, s2, o2);
            o3 = Lanes.MultiplyAdd(query, s3, o3);
            (s0 * gamma).Store(state);
            (s1 * gamma).Store(state + 8);
            (s2 * gamma).Store(state + 16);
            (s3 * gamma).Store(state + 24);
        }

        o0.Store(o);
        o1.Store(o + 8);
        o2.Store(o + 16);
        o3.Store(o + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AdvanceVector(float* q, float* k, float* v, float* state, int dim, float scale, float decay, float* o)
    {
        var values = Vector256.Load(v);
        var sum = Vector256<float>.Zero;
        for (var i = 0; i < dim; i++, state += dim)
        {
            var s = Lanes.MultiplyAdd(Vector256.Create(k[i] * scale), values, Vector256.Load(state));
            sum = Lanes.MultiplyAdd(Vector256.Create(q[i]), s, sum);
            (s * decay).Store(state);
        }

        sum.Store(o);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AdvanceColumn(float* q, float* k, float v, float* state, int dim, float scale, float decay, out float o)
    {
        float sum = 0;
        for (var i = 0; i < dim; i++, state += dim)
        {
            var s = Lanes.MultiplyAdd(k[i] * scale, v, *state);
            sum = Lanes.MultiplyAdd(q[i], s, sum);
            *state = s * decay;
        }

        o = sum;
    }
}
