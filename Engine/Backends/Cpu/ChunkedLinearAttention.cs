using System.Runtime.CompilerServices;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// The chunked form (spec §3.4) over chunks that begin at multiples of C. A token at place j of its chunk reads o = γ^j (qᵀ S) + Σ_{m≤j} γ^(j-m) (q·k_m) v_m, with k
/// divided by sqrt(D); S moves on, γ^C S + Σ γ^(C-m) k_m v_mᵀ, when the chunk is complete. A decode row and the rows of a prefill do the same sums in the same
/// order: over key dimensions ascending, then over m ascending; a score is a sum in lanes. So a decode step only reads the state, and a prefill reads and
/// writes it once for C tokens.
/// </summary>
internal static unsafe class ChunkedLinearAttention
{
    private const int StripColumns = 4 * Lanes.Count;

    public static void Run(ThreadTeam team, CpuScratch scratch, LinearAttentionJob job)
    {
        var pieces = Math.Clamp(2 * team.Count / Math.Max(1, job.SegmentCount * job.Heads), 1, (job.HeadDim + StripColumns - 1) / StripColumns);
        job.ColumnWidth = ((job.HeadDim + pieces - 1) / pieces + StripColumns - 1) / StripColumns * StripColumns;
        job.Columns = (job.HeadDim + job.ColumnWidth - 1) / job.ColumnWidth;
        job.Scratch = scratch.PerThread(ChunkTables.Floats(job.ChunkTokens, job.HeadDim), out job.ScratchStride);
        team.Run(&Read, &job, job.SegmentCount * job.Heads * job.Columns);
        // Only now: the other heads of a group read the open chunk as it was.
        team.Run(&KeepOpen, &job, job.SegmentCount);
    }

    private static void Read(void* context, int item, int thread)
    {
        var job = (LinearAttentionJob*)context;
        var head = item / job->Columns % job->Heads;
        var segment = job->Segments[item / job->Columns / job->Heads];
        var first = item % job->Columns * job->ColumnWidth;
        var tables = new ChunkTables(job->Scratch + thread * job->ScratchStride, job->ChunkTokens, job->HeadDim);
        tables.Fill(job->Decay[head], Math.Min(segment.StartPosition % job->ChunkTokens + segment.RowCount, job->ChunkTokens));
        var keys = stackalloc float*[job->ChunkTokens];
        var values = stackalloc float*[job->ChunkTokens];
        var chunk = new ChunkRows(keys, values, first, Math.Min(job->ColumnWidth, job->HeadDim - first));
        var row = 0;
        while (row < segment.RowCount)
        {
            chunk.Point(job, segment, head, row);
            ChunkKernels.Run(chunk, tables);
            row += chunk.Count;
        }
    }

    private static void KeepOpen(void* context, int item, int thread)
    {
        var job = (LinearAttentionJob*)context;
        var segment = job->Segments[item];
        var width = job->KeyValueHeads * job->HeadDim;
        var open = (segment.StartPosition + segment.RowCount) % job->ChunkTokens;
        var keys = OpenKeys(job, segment.Slot);
        var values = keys + (long)(job->ChunkTokens - 1) * width;
        for (var place = Math.Max(0, open - segment.RowCount); place < open; place++)
        {
            var row = (long)(segment.FirstRow + segment.RowCount - open + place) * width;
            Copy(job->Keys + row, keys + (long)place * width, width);
            Copy(job->Values + row, values + (long)place * width, width);
        }
    }

    public static float* OpenKeys(LinearAttentionJob* job, int slot) => job->States + slot * job->SlotElements + (long)job->Heads * job->HeadDim * job->HeadDim;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, float* to, int count) => Buffer.MemoryCopy(from, to, count * sizeof(float), count * sizeof(float));
}
