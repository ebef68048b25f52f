using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>The rows of a step that lie in one chunk, for one head and some of its value dimensions, with the keys and values of the whole chunk up to the last of them.</summary>
internal unsafe struct ChunkRows(float** keys, float** values, int firstColumn, int width)
{
    /// <summary>[First + Count] pointers to k [D], not yet divided by sqrt(D).</summary>
    public readonly float** Keys => keys;

    /// <summary>[First + Count] pointers to v [Width].</summary>
    public readonly float** Values => values;

    public readonly int Width => width;

    /// <summary>Place of the first row in its chunk.</summary>
    public int First;

    public int Count;

    /// <summary>C</summary>
    public int ChunkTokens;

    /// <summary>D</summary>
    public int Dim;

    /// <summary>[D, Width] in rows of D.</summary>
    public float* State;

    /// <summary>q [D] of the first row.</summary>
    public float* Queries;

    /// <summary>o [Width] of the first row.</summary>
    public float* Output;

    /// <summary>From one row's q or o to the next.</summary>
    public long RowStride;

    public readonly bool CompletesChunk => First + Count == ChunkTokens;

    /// <summary>The rows from <paramref name="row"/> of the segment on, up to the end of the segment or of the chunk.</summary>
    public void Point(LinearAttentionJob* job, StepSegment segment, int head, int row)
    {
        (ChunkTokens, Dim) = (job->ChunkTokens, job->HeadDim);
        First = (segment.StartPosition + row) % ChunkTokens;
        Count = Math.Min(ChunkTokens - First, segment.RowCount - row);
        State = job->States + segment.Slot * job->SlotElements + (long)head * Dim * Dim + firstColumn;
        RowStride = (long)job->Heads * Dim;
        var at = (segment.FirstRow + row) * RowStride + (long)head * Dim;
        Queries = job->Queries + at;
        Output = job->Output + at + firstColumn;
        PointKeysAndValues(job, segment, head / (job->Heads / job->KeyValueHeads), segment.FirstRow + row - First);
    }

    /// <summary>What was open when the step began lies in the slot, the rest in the step's own rows. chunkRow: row of the step at place 0, if it had one there.</summary>
    private readonly void PointKeysAndValues(LinearAttentionJob* job, StepSegment segment, int group, int chunkRow)
    {
        var stride = (long)job->KeyValueHeads * Dim;
        var openKeys = ChunkedLinearAttention.OpenKeys(job, segment.Slot);
        var openValues = openKeys + (ChunkTokens - 1) * stride;
        for (var m = 0; m < First + Count; m++)
        {
            var isOpen = chunkRow + m < segment.FirstRow;
            var at = (isOpen ? m : chunkRow + m) * stride + (long)group * Dim;
            keys[m] = (isOpen ? openKeys : job->Keys) + at;
            values[m] = (isOpen ? openValues : job->Values) + at + firstColumn;
        }
    }
}
