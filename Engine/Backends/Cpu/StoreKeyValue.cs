using System.Runtime.CompilerServices;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>Writes the keys or values of a step, [T, G·D], to the pages of their sequences.</summary>
internal static unsafe class StoreKeyValue
{
    private const int RowsPerItem = 32;

    public static void Run(ThreadTeam team, StoreKeyValueJob job)
    {
        job.ItemsPerSegment = 1;
        for (var s = 0; s < job.SegmentCount; s++)
        {
            job.ItemsPerSegment = Math.Max(job.ItemsPerSegment, (job.Segments[s].RowCount + RowsPerItem - 1) / RowsPerItem);
        }

        // Decode rows are a few kilobytes: not worth waking anybody.
        if (job.ItemsPerSegment == 1)
        {
            for (var s = 0; s < job.SegmentCount; s++)
            {
                Item(&job, s, 0);
            }

            return;
        }

        team.Run(&Item, &job, job.SegmentCount * job.ItemsPerSegment);
    }

    private static void Item(void* context, int item, int thread)
    {
        var job = (StoreKeyValueJob*)context;
        var segment = job->Segments[item / job->ItemsPerSegment];
        var first = item % job->ItemsPerSegment * RowsPerItem;
        var end = Math.Min(segment.RowCount, first + RowsPerItem);
        for (var i = first; i < end; i++)
        {
            StoreRow(job, segment, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void StoreRow(StoreKeyValueJob* job, StepSegment segment, int i)
    {
        var position = segment.StartPosition + i;
        var page = job->PageIds[segment.PageTableStart + position / job->PageTokens - segment.FirstPage];
        var size = job->Type.SizeInBytes();
        for (var head = 0; head < job->KeyValueHeads; head++)
        {
            var source = ((long)(segment.FirstRow + i) * job->KeyValueHeads + head) * job->HeadDim;
            var element = (((long)page * job->KeyValueHeads + head) * job->PageTokens + position % job->PageTokens) * job->HeadDim;
            Rows.Store(job->Type, job->Keys + source, job->KeyPages + element * size, job->HeadDim);
            Rows.Store(job->Type, job->Values + source, job->ValuePages + element * size, job->HeadDim);
        }
    }
}
