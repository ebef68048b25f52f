using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends.Reference;

public sealed partial class ReferenceBackend
{
    public void LinearAttention(
        Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, Matrix output)
    {
        OperatorShapes.LinearAttention(queries, keys, values, layer, batch, decay, output);
        foreach (var segment in batch.Segments)
        {
            for (var row = segment.FirstRow; row < segment.FirstRow + segment.RowCount; row++)
            {
                for (var head = 0; head < layer.Heads; head++)
                {
                    AdvanceHead(row, head, queries, keys, values, layer, segment.Slot, decay[head], output);
                }
            }
        }
    }

    /// <summary>
    /// The recurrent form (spec §3.4): add the outer product, read, then decay. The state is rounded to f32 after every token, so how the tokens
    /// were cut into chunks leaves no trace in it.
    /// </summary>
    private static void AdvanceHead(
        int row, int head, Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, int slot, float decay, Matrix output)
    {
        var size = layer.HeadDim;
        var keyValueHead = head / (queries.Columns / keys.Columns);
        var query = Row(queries, row).Slice(head * size, size);
        var key = Row(keys, row).Slice(keyValueHead * size, size);
        var value = Row(values, row).Slice(keyValueHead * size, size);
        var state = ((ReferenceBuffer)layer.States).Singles(((long)slot * layer.Heads + head) * size * size, size * size);
        var sums = new double[size];
        for (var i = 0; i < size; i++)
        {
            var scaledKey = key[i] / Math.Sqrt(size);
            for (var j = 0; j < size; j++)
            {
                var sum = state[i * size + j] + scaledKey * value[j];
                sums[j] += query[i] * sum;
                state[i * size + j] = (float)(sum * decay);
            }
        }

        for (var j = 0; j < size; j++)
        {
            Row(output, row)[head * size + j] = (float)sums[j];
        }
    }
}
