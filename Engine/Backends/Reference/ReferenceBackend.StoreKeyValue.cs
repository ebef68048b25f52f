using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void StoreKeyValue(Matrix keys, Matrix values, KeyValueLayer layer, StepBatch batch)
    {
        OperatorShapes.StoreKeyValue(keys, values, layer, batch);
        foreach (var segment in batch.Segments)
        {
            for (var i = 0; i < segment.RowCount; i++)
            {
                StoreRow(Row(keys, segment.FirstRow + i), layer.Keys, layer, batch, segment, segment.StartPosition + i);
                StoreRow(Row(values, segment.FirstRow + i), layer.Values, layer, batch, segment, segment.StartPosition + i);
            }
        }
    }

    private static void StoreRow(ReadOnlySpan<float> row, DeviceBuffer pages, KeyValueLayer layer, StepBatch batch, StepSegment segment, int position)
    {
        for (var head = 0; head < layer.KeyValueHeads; head++)
        {
            var start = PageRow(layer, batch, segment, position, head);
            for (var d = 0; d < layer.HeadDim; d++)
            {
                ((ReferenceBuffer)pages)[start + d] = row[head * layer.HeadDim + d];
            }
        }
    }

    /// <summary>Element of <see cref="KeyValueLayer.Keys"/> at which the D values of one position and head begin.</summary>
    private static long PageRow(KeyValueLayer layer, StepBatch batch, StepSegment segment, int position, int head)
    {
        var page = batch.PageIds[segment.PageTableStart + position / layer.PageTokens - segment.FirstPage];
        return (((long)page * layer.KeyValueHeads + head) * layer.PageTokens + position % layer.PageTokens) * layer.HeadDim;
    }
}
