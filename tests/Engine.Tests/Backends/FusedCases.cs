using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>The operators that do several steps at once, and products at sizes that matrix units take.</summary>
internal static class FusedCases
{
    private static readonly int[] RowCounts = [1, 3, 16, 17, 40, 64, 65, 200];

    public static IEnumerable<OperatorCase> All() =>
        RowCounts.SelectMany(rows => new[] { Wide(rows), Residual(rows), Norm(rows), Gate(rows), Relu(rows) }).Concat(Inputs()).Concat([Logits()]).Concat(Linear());

    private static OperatorCase Wide(int rows) => new($"Project to f32 T={rows} K=272 N=1032", 2e-6f, rig =>
    {
        var y = rig.Residual(rows, 1032);
        rig.Backend.Project(rig.Matrix(rows, 272), [new Projection(rig.Weight(DataType.BFloat16, 1032, 272), y)]);
        return rig.Read(y);
    });

    private static OperatorCase Residual(int rows) => new($"Project adds to the residual T={rows} K=2064 N=256", 2e-6f, rig =>
    {
        var y = rig.Residual(rows, 256);
        rig.Backend.Project(rig.Matrix(rows, 2064), [new Projection(rig.Weight(DataType.BFloat16, 256, 2064), y, Accumulate: true)]);
        return rig.Read(y);
    });

    private static OperatorCase Norm(int rows) => new($"NormProject of three T={rows} K=512", 4e-6f, rig =>
    {
        var norm = new NormStep(rig.Weight(DataType.BFloat16, 1, 512), 1e-5f, rig.Empty(rows, 512));
        var projections = new[] { 256, 64, 136 }.Select(n => new Projection(rig.Weight(DataType.BFloat16, n, 512), rig.Empty(rows, n))).ToArray();
        rig.Backend.NormProject(rig.Residual(rows, 512), norm, projections);
        return [.. projections.SelectMany(projection => rig.Read(projection.Output))];
    });

    private static OperatorCase Gate(int rows) => new($"NormGate T={rows} K=256 F=648", 8e-6f, rig =>
    {
        var norm = new NormStep(rig.Weight(DataType.BFloat16, 1, 256), 1e-5f, rig.Empty(rows, 256));
        var gate = rig.Empty(rows, 648);
        var (gateWeight, upWeight) = (rig.Weight(DataType.BFloat16, 648, 256, 0.2f), rig.Weight(DataType.BFloat16, 648, 256, 0.2f));
        rig.Backend.NormGate(rig.Residual(rows, 256), norm, gateWeight, upWeight, gate, rig.Empty(rows, 648));
        return rig.Read(gate);
    });

    private static OperatorCase Relu(int rows) => new($"ProjectRelu T={rows} K=128", 3e-6f, rig =>
    {
        var y = rig.Empty(rows, 128);
        rig.Backend.ProjectRelu(rig.Matrix(rows, 128), rig.Weight(DataType.BFloat16, 128, 128), rig.Weight(DataType.BFloat16, 1, 128), y);
        return rig.Read(y);
    });

    /// <summary>Two steps, so that the second one finds what the first one left.</summary>
    private static IEnumerable<OperatorCase> Linear() =>
        from size in new[] { (H: 4, G: 2, D: 64), (H: 2, G: 2, D: 128), (H: 4, G: 1, D: 36) }
        from chunk in new[] { 1, 16 }
        select new OperatorCase($"LinearAttentionNormed H={size.H} G={size.G} D={size.D} C={chunk}", 8e-6f, rig =>
        {
            var layer = rig.Recurrent(4, size.H, size.G, size.D, chunk);
            return [.. new[] { 0, 40 }.SelectMany(later => Linear(rig, layer, [(7 + later, 40), (15 + later, 40), (60 + later, 40)]))];
        });

    private static float[] Linear(OperatorRig rig, RecurrentLayer layer, (int Start, int Rows)[] segments)
    {
        var batch = OperatorRig.Batch(segments, slot: s => 3 - s);
        var (rows, heads, groups, dim) = (batch.RowCount, layer.Heads, layer.KeyValueHeads, layer.HeadDim);
        var output = rig.Empty(rows, heads * dim);
        var decay = Enumerable.Range(0, heads).Select(h => h == 0 ? 1f : MathF.Exp(-1f / (h + 1))).ToArray();
        rig.Backend.LinearAttentionNormed(
            rig.Matrix(rows, heads * dim), rig.Matrix(rows, groups * dim), rig.Matrix(rows, groups * dim), layer, batch, decay, 1e-5f, output);
        return rig.Read(output);
    }

    private static OperatorCase Logits() => new("NormProject to logits T=5", 4e-6f, rig =>
    {
        var y = rig.Residual(5, 4096);
        var norm = new NormStep(rig.Weight(DataType.BFloat16, 1, 256), 1e-5f, rig.Empty(5, 256));
        rig.Backend.NormProject(rig.Residual(5, 256), norm, [new Projection(rig.Weight(DataType.BFloat16, 4096, 256), y)]);
        return rig.Read(y);
    });

    private static IEnumerable<OperatorCase> Inputs()
    {
        (int Start, int Rows)[][] batches = [[(5, 1)], [(0, 1), (700, 1), (131_000, 1)], [(0, 40), (63, 2)], [(100, 150), (7, 1)]];
        foreach (var (heads, groups, dim) in new[] { (4, 2, 64), (4, 1, 128), (3, 3, 8) })
        {
            foreach (var segments in batches)
            {
                yield return Input(heads, groups, dim, segments);
            }
        }
    }

    private static OperatorCase Input(int heads, int groups, int dim, (int Start, int Rows)[] segments) =>
        // Pages of bf16 round: what the sums differ by can be a last place of them.
        new($"NormQueryKeyValue H={heads} G={groups} D={dim} over {string.Join(' ', segments.Select(segment => $"{segment.Start}+{segment.Rows}"))}", 8e-3f, rig =>
        {
            const int Hidden = 256, Pages = 12, FirstPage = 0;
            var ids = rig.Shuffled(Pages * segments.Length);
            var batch = OperatorRig.Batch(segments, s => [.. Enumerable.Range(0, (segments[s].Start + segments[s].Rows + 63) / 64).Select(p => ids[(s * Pages) + (p % Pages)])], firstPage: FirstPage);
            var layer = rig.KeyValues(DataType.BFloat16, ids.Length, 64, groups, dim);
            var table = new RopeTable([.. Enumerable.Range(0, dim / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / dim))], 1.2f);
            Matrix Fresh(int columns) => rig.Empty(batch.RowCount, columns);
            Engine.Backends.Weight Random(int rows) => rig.Weight(DataType.BFloat16, rows, Hidden, 0.1f);
            var inputs = new AttentionInputs(Random(heads * dim), Random(groups * dim), Random(groups * dim), Fresh(heads * dim), Fresh(groups * dim), Fresh(groups * dim));
            rig.Backend.NormQueryKeyValue(
                rig.Residual(batch.RowCount, Hidden), new NormStep(rig.Weight(DataType.BFloat16, 1, Hidden), 1e-5f, Fresh(Hidden)), inputs, layer, batch, table);
            return [.. rig.Read(inputs.Queries), .. rig.ReadAll(layer.Keys), .. rig.ReadAll(layer.Values)];
        });
}
