namespace OrleansLM.Engine.Tests.Backends;

/// <summary>SUPRA's linear attention, recurrent and chunked, from states that are not empty, at ragged batches.</summary>
internal static class LinearAttentionCases
{
    private static readonly (int Start, int Rows)[] Ragged = [(7, 1), (0, 20), (110, 3)];

    public static IEnumerable<OperatorCase> All() =>
        from size in new[] { (H: 4, G: 2, D: 4), (H: 2, G: 2, D: 16), (H: 4, G: 1, D: 36), (H: 2, G: 1, D: 128), (H: 8, G: 2, D: 64) }
        from chunk in new[] { 1, 7, 16, 128 }
        select new OperatorCase($"LinearAttention H={size.H} G={size.G} D={size.D} C={chunk}", 2e-6f, rig => Run(rig, size.H, size.G, size.D, chunk));

    private static float[] Run(OperatorRig rig, int heads, int keyValueHeads, int dim, int chunk)
    {
        var layer = rig.Recurrent(5, heads, keyValueHeads, dim, chunk);
        int[] slots = [4, 0, 2];
        var batch = OperatorRig.Batch(Ragged, slot: s => slots[s]);
        var queries = rig.Matrix(batch.RowCount, heads * dim);
        var keys = rig.Matrix(batch.RowCount, keyValueHeads * dim);
        var values = rig.Matrix(batch.RowCount, keyValueHeads * dim);
        var output = rig.Empty(batch.RowCount, heads * dim);
        var decay = Enumerable.Range(0, heads).Select(h => h == 0 ? 1f : MathF.Exp(-1f / (h + 1))).ToArray();
        rig.Backend.LinearAttention(queries, keys, values, layer, batch, decay, output);
        return [.. rig.Read(output), .. slots.SelectMany(slot => rig.Read(layer.States, slot * layer.SlotElements, (int)layer.StateElements))];
    }
}
