using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Prefill attention over pages of e4m3: segment by segment its pages are widened to bf16, which is exact, for the kernel that takes those.</summary>
public sealed unsafe partial class CudaBackend
{
    private const int TileRows = 128;

    private static bool IsNarrow(KeyValueLayer layer) => layer.Keys.Type == DataType.Float8E4M3;

    private void AttendWidenedTiles(Matrix queries, KeyValueLayer layer, StepBatch batch, float scale, int window, Matrix output)
    {
        for (var s = 0; s < batch.SegmentCount; s++)
        {
            var segment = batch.Segments[s];
            if (segment.RowCount > StepMemory.SingleRows)
            {
                AttendWidened(queries, layer, (s, segment), batch.PageIds.Length, scale, window, output);
            }
        }
    }

    private void AttendWidened(
        Matrix queries, KeyValueLayer layer, (int Index, StepSegment Value) segment, int pageIds, float scale, int window, Matrix output)
    {
        var (dim, groups, heads, pages) = (layer.HeadDim, layer.KeyValueHeads, queries.Columns / layer.HeadDim, segment.Value.PageTableLength);
        var pageElements = groups * layer.PageTokens * dim;
        var tileCount = (segment.Value.RowCount + TileRows - 1) / TileRows;
        var keys = _scratch.Block("wide keys", (long)pages * pageElements * sizeof(ushort));
        var values = _scratch.Block("wide values", (long)pages * pageElements * sizeof(ushort));
        var ids = _scratch.Block("wide ids", (long)pageIds * sizeof(int));
        var tiles = _scratch.Block("wide tiles", 2L * tileCount * sizeof(int));
        var first = (ulong)segment.Value.PageTableStart * sizeof(int);
        Launch(
            _rows.WidenPages, new LaunchShape(4, pages, 1, BlockThreads), Cuda(layer.Keys).Address, Cuda(layer.Values).Address, _step.PageIds + first, pages, pageElements,
            keys, values, ids + first, tiles, segment.Index, segment.Value.RowCount);
        var pageRows = (long)pages * groups * layer.PageTokens;
        // What was just widened is none of what a kernel may fetch before the one in front has ended.
        _isFirstKernel = true;
        Launch(
            _attention.Prefill(dim), new LaunchShape(heads, tileCount, 1, 384, AttentionKernels.PrefillShared(dim)), _maps.Get(Address(queries), queries.Rows, queries.Columns),
            _maps.Get(keys, pageRows, dim), _maps.Get(values, pageRows, dim), Address(output), _step.SegmentTable, tiles, ids, heads, groups, scale, window);
    }
}
