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
            for (var i = 0; i < segment.RowCount; i++)
            {
                for (var head = 0; head < layer.Heads; head++)
                {
                    ReadHead(segment, i, head, queries, keys, values, layer, decay[head], output);
                }

                KeepRow(segment, i, keys, values, layer, decay);
            }
        }
    }

    /// <summary>
    /// o = γ^j (qᵀ S) + Σ_{m≤j} γ^(j-m) (q·k_m) v_m at place j of the chunk (spec §3.4). With chunks of one token this is the recurrent form; with a chunk longer than the
    /// sequence, the parallel one.
    /// </summary>
    private static void ReadHead(
        StepSegment segment, int index, int head, Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, float decay, Matrix output)
    {
        var size = layer.HeadDim;
        var group = head / (layer.Heads / layer.KeyValueHeads);
        var place = (segment.StartPosition + index) % layer.ChunkTokens;
        var row = segment.FirstRow + index;
        var query = Row(queries, row).Slice(head * size, size);
        var state = State(layer, segment.Slot).Slice(head * size * size, size * size);
        var sums = new double[size];
        var left = Math.Pow(decay, place);
        for (var i = 0; i < size; i++)
        {
            var weight = left * query[i];
            for (var j = 0; j < size; j++)
            {
                sums[j] += weight * state[i * size + j];
            }
        }

        for (var m = 0; m <= place; m++)
        {
            var key = m < place ? Open(layer, segment.Slot, m, group) : Row(keys, row).Slice(group * size, size);
            var value = m < place ? Open(layer, segment.Slot, m + layer.ChunkTokens - 1, group) : Row(values, row).Slice(group * size, size);
            var weight = Math.Pow(decay, place - m) * Dot(query, key) / Math.Sqrt(size);
            for (var j = 0; j < size; j++)
            {
                sums[j] += weight * value[j];
            }
        }

        for (var j = 0; j < size; j++)
        {
            Row(output, row)[head * size + j] = (float)sums[j];
        }
    }

    /// <summary>Puts a token's key and value into the open chunk, or, where it is the chunk's last, moves the state on: γ^C S + Σ γ^(C-m) k_m v_mᵀ, rounded to f32.</summary>
    private static void KeepRow(StepSegment segment, int index, Matrix keys, Matrix values, RecurrentLayer layer, ReadOnlySpan<float> decay)
    {
        var place = (segment.StartPosition + index) % layer.ChunkTokens;
        var row = segment.FirstRow + index;
        if (place < layer.ChunkTokens - 1)
        {
            for (var group = 0; group < layer.KeyValueHeads; group++)
            {
                Row(keys, row).Slice(group * layer.HeadDim, layer.HeadDim).CopyTo(Open(layer, segment.Slot, place, group));
                Row(values, row).Slice(group * layer.HeadDim, layer.HeadDim).CopyTo(Open(layer, segment.Slot, place + layer.ChunkTokens - 1, group));
            }

            return;
        }

        for (var head = 0; head < layer.Heads; head++)
        {
            MoveOn(segment.Slot, head, Row(keys, row), Row(values, row), layer, decay[head]);
        }
    }

    private static void MoveOn(int slot, int head, Span<float> lastKeys, Span<float> lastValues, RecurrentLayer layer, float decay)
    {
        var (size, chunk) = (layer.HeadDim, layer.ChunkTokens);
        var group = head / (layer.Heads / layer.KeyValueHeads);
        var state = State(layer, slot).Slice(head * size * size, size * size);
        var sums = Array.ConvertAll(state.ToArray(), cell => Math.Pow(decay, chunk) * cell);
        for (var m = 0; m < chunk; m++)
        {
            var key = m < chunk - 1 ? Open(layer, slot, m, group) : lastKeys.Slice(group * size, size);
            var value = m < chunk - 1 ? Open(layer, slot, m + chunk - 1, group) : lastValues.Slice(group * size, size);
            var scale = Math.Pow(decay, chunk - m) / Math.Sqrt(size);
            for (var cell = 0; cell < sums.Length; cell++)
            {
                sums[cell] += scale * key[cell / size] * value[cell % size];
            }
        }

        for (var cell = 0; cell < sums.Length; cell++)
        {
            state[cell] = (float)sums[cell];
        }
    }

    private static Span<float> State(RecurrentLayer layer, int slot)
        => ((ReferenceBuffer)layer.States).Singles(slot * layer.SlotElements, checked((int)layer.StateElements));

    /// <summary>Key or, from place C - 1 on, value [D] of the open chunk.</summary>
    private static Span<float> Open(RecurrentLayer layer, int slot, int place, int group)
        => ((ReferenceBuffer)layer.States).Singles(
            slot * layer.SlotElements + layer.StateElements + ((long)place * layer.KeyValueHeads + group) * layer.HeadDim, layer.HeadDim);
}
