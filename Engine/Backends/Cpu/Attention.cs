using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Causal attention over paged keys and values. Positions are cut into blocks of <see cref="BlockTokens"/> at fixed places; each block gives a query its own
/// maximum, sum and weighted values, and blocks are merged in order: the same arithmetic for one decode row and a prefill chunk, whoever computes it.
/// </summary>
internal static unsafe class Attention
{
    /// <summary>Positions of a block: part of the order of additions. Page sizes are not.</summary>
    public const int BlockTokens = 128;

    /// <summary>Query vectors (rows × heads of one key-value head) that pass together over the keys.</summary>
    private const int TileQueries = 48;

    /// <summary>Segments with at most this many rows are cut along the keys too, so that one long sequence can use all threads.</summary>
    private const int SplitRows = 4;

    /// <summary>Blocks of an item of a segment that is cut along the keys, at most; fewer when that would leave less than so many items a thread.</summary>
    private const int MaxItemBlocks = 16;
    private const int ItemsPerThread = 8;

    public static void Run(ThreadTeam team, CpuScratch scratch, AttentionJob job)
    {
        job.Group = job.Heads / job.KeyValueHeads;
        job.PaddedDim = Lanes.RoundUp(job.HeadDim);
        job.TileRows = Math.Max(1, TileQueries / job.Group);
        job.ItemBlocks = 1;
        job.ItemBlocks = (int)Math.Clamp(Count(ref job, out _) / (team.Count * ItemsPerThread), 1, MaxItemBlocks);
        var partials = Count(ref job, out var items);
        job.PartialFloats = AttentionState.Floats(Math.Min(job.TileRows, SplitRows) * job.Group, job.PaddedDim);
        var itemFloats = items * (long)sizeof(AttentionItem) / sizeof(float);
        var shared = scratch.Shared(itemFloats + partials * job.PartialFloats + 16);
        job.Items = (AttentionItem*)shared;
        job.Partials = shared + (itemFloats + 15) / 16 * 16;
        job.Threads = scratch.PerThread(AttentionTile.ScratchFloats(job.TileRows * job.Group, job.PaddedDim), out job.ThreadStride);
        Fill(ref job);
        team.Run(&Item, &job, items);
        if (partials > 0)
        {
            team.Run(&MergeItem, &job, job.SegmentCount * job.KeyValueHeads);
        }
    }

    private static bool IsSplit(in AttentionJob job, StepSegment segment) => segment.RowCount <= Math.Min(SplitRows, job.TileRows);

    private static (int First, int End) Blocks(in AttentionJob job, int firstPosition, int endPosition) =>
        (FirstVisible(job.Window, firstPosition) / BlockTokens, (endPosition - 1) / BlockTokens + 1);

    private static (int First, int End) Blocks(in AttentionJob job, StepSegment segment) =>
        Blocks(job, segment.StartPosition, segment.StartPosition + segment.RowCount);

    /// <summary>The first key that a query at <paramref name="position"/> sees.</summary>
    public static int FirstVisible(int window, int position) => window > position ? 0 : position - window + 1;

    private static long Count(ref AttentionJob job, out int items)
    {
        long partials = 0;
        items = 0;
        for (var s = 0; s < job.SegmentCount; s++)
        {
            var segment = job.Segments[s];
            if (IsSplit(job, segment))
            {
                var (first, end) = Blocks(job, segment);
                items += (end - first + job.ItemBlocks - 1) / job.ItemBlocks * job.KeyValueHeads;
                partials += (end - first) * job.KeyValueHeads;
            }
            else
            {
                items += (segment.RowCount + job.TileRows - 1) / job.TileRows * job.KeyValueHeads;
            }
        }

        return partials;
    }

    private static void Fill(ref AttentionJob job)
    {
        var item = job.Items;
        var partial = 0;
        for (var s = 0; s < job.SegmentCount; s++)
        {
            var segment = job.Segments[s];
            var (first, end) = Blocks(job, segment);
            for (var head = 0; head < job.KeyValueHeads; head++)
            {
                if (IsSplit(job, segment))
                {
                    for (var block = first; block < end; block += job.ItemBlocks)
                    {
                        var blocks = Math.Min(job.ItemBlocks, end - block);
                        *item++ = new AttentionItem { Segment = s, Rows = segment.RowCount, Head = head, Block = block, Blocks = blocks, Partial = partial };
                        partial += blocks;
                    }

                    continue;
                }

                // The last rows see the most keys: they are handed out first, so that no thread ends alone with a long item.
                for (var row = (segment.RowCount - 1) / job.TileRows * job.TileRows; row >= 0; row -= job.TileRows)
                {
                    *item++ = new AttentionItem { Segment = s, Row = row, Rows = Math.Min(job.TileRows, segment.RowCount - row), Head = head, Partial = -1 };
                }
            }
        }
    }

    private static void Item(void* context, int index, int thread)
    {
        var job = (AttentionJob*)context;
        var item = job->Items[index];
        var tile = new AttentionTile(job, item, job->Threads + thread * job->ThreadStride);
        switch (job->Type)
        {
            case DataType.BFloat16: Tile<BFloat16Element>(ref tile, job, item); break;
            case DataType.Float16: Tile<Float16Element>(ref tile, job, item); break;
            default: Tile<Float32Element>(ref tile, job, item); break;
        }
    }

    private static void Tile<TElement>(ref AttentionTile tile, AttentionJob* job, AttentionItem item)
        where TElement : IElement
    {
        if (item.Partial >= 0)
        {
            for (var i = 0; i < item.Blocks; i++)
            {
                tile.Block<TElement>(
                    item.Block + i, i + 1 < item.Blocks ? item.Block + i + 1 : -1,
                    new AttentionState(job->Partials + (item.Partial + i) * job->PartialFloats, tile.Queries, job->PaddedDim));
            }

            return;
        }

        var start = job->Segments[item.Segment].StartPosition + item.Row;
        var (first, end) = Blocks(*job, start, start + item.Rows);
        var total = tile.Total;
        total.Reset();
        for (var block = first; block < end; block++)
        {
            tile.Block<TElement>(block, block + 1 < end ? block + 1 : -1, tile.Part);
            total.Merge(tile.Part);
        }

        Write(job, item, total);
    }

    /// <summary>Merges the blocks of one segment and key-value head that other items computed, in order.</summary>
    private static void MergeItem(void* context, int index, int thread)
    {
        var job = (AttentionJob*)context;
        var s = index / job->KeyValueHeads;
        var head = index % job->KeyValueHeads;
        var segment = job->Segments[s];
        if (!IsSplit(*job, segment))
        {
            return;
        }

        var queries = segment.RowCount * job->Group;
        var total = new AttentionState(job->Threads + thread * job->ThreadStride, queries, job->PaddedDim);
        total.Reset();
        var (first, end) = Blocks(*job, segment);
        var partial = FirstPartial(job, s) + (long)head * (end - first);
        for (var block = first; block < end; block++, partial++)
        {
            total.Merge(new AttentionState(job->Partials + partial * job->PartialFloats, queries, job->PaddedDim));
        }

        Write(job, new AttentionItem { Segment = s, Rows = segment.RowCount, Head = head }, total);
    }

    private static long FirstPartial(AttentionJob* job, int segment)
    {
        long partial = 0;
        for (var s = 0; s < segment; s++)
        {
            if (IsSplit(*job, job->Segments[s]))
            {
                var (first, end) = Blocks(*job, job->Segments[s]);
                partial += (long)(end - first) * job->KeyValueHeads;
            }
        }

        return partial;
    }

    private static void Write(AttentionJob* job, AttentionItem item, AttentionState total)
    {
        var firstRow = job->Segments[item.Segment].FirstRow + item.Row;
        for (var q = 0; q < item.Rows * job->Group; q++)
        {
            var head = item.Head * job->Group + q % job->Group;
            total.Write(q, job->Output + ((long)(firstRow + q / job->Group) * job->Heads + head) * job->HeadDim, job->HeadDim);
        }
    }
}
