using OrleansLM.Engine.Backends;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>
/// Sequences with queries, keys and values for all their positions. Any segments of them can be attended in a batch; the cache holds every key and value
/// from the start, in scattered pages, and NaN between them.
/// </summary>
internal sealed class AttentionScenario
{
    private readonly OperatorRig _rig;
    private readonly AttentionShape _shape;
    private readonly KeyValueLayer _layer;
    private readonly int[][] _pageTables;
    private readonly float[][] _queries;

    private AttentionScenario(OperatorRig rig, AttentionShape shape, KeyValueLayer layer, int[][] pageTables, float[][] queries)
    {
        (_rig, _shape, _layer, _pageTables, _queries) = (rig, shape, layer, pageTables, queries);
    }

    /// <param name="rig">The backend.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="segments">Sequence i is as long as segment i needs.</param>
    /// <param name="pageOffset">Other page ids for the same content.</param>
    public static AttentionScenario Create(OperatorRig rig, AttentionShape shape, IReadOnlyList<(int Start, int Rows)> segments, int pageOffset = 0)
    {
        var lengths = segments.Select(segment => segment.Start + segment.Rows).ToArray();
        var counts = lengths.Select(length => (length + shape.PageTokens - 1) / shape.PageTokens).ToArray();
        var columns = shape.KeyValueHeads * shape.HeadDim;
        var content = lengths.Select(length => (
            Queries: rig.Values(length * shape.Heads * shape.HeadDim), Keys: rig.Values(length * columns), Values: rig.Values(length * columns))).ToArray();
        var ids = rig.Shuffled(counts.Sum() + pageOffset);
        var tables = counts.Select((count, i) => ids[(counts[..i].Sum() + pageOffset)..(counts[..(i + 1)].Sum() + pageOffset)]).ToArray();
        var layer = rig.KeyValues(shape.Type, ids.Length, shape.PageTokens, shape.KeyValueHeads, shape.HeadDim);
        for (var s = 0; s < lengths.Length; s++)
        {
            var batch = OperatorRig.Batch([(0, lengths[s])], _ => tables[s]);
            rig.Backend.StoreKeyValue(rig.Matrix(lengths[s], columns, content[s].Keys), rig.Matrix(lengths[s], columns, content[s].Values), layer, batch);
        }

        return new AttentionScenario(rig, shape, layer, tables, [.. content.Select(sequence => sequence.Queries)]);
    }

    /// <summary>Results [T, H·D] of the given rows of sequences 0, 1, …; a segment of no rows leaves its sequence out.</summary>
    public float[] Attend(IReadOnlyList<(int Start, int Rows)> segments)
    {
        var present = Enumerable.Range(0, segments.Count).Where(s => segments[s].Rows > 0).ToArray();
        var batch = OperatorRig.Batch([.. present.Select(s => segments[s])], i => _pageTables[present[i]], firstPage: _shape.FirstPage);
        var columns = _shape.Heads * _shape.HeadDim;
        var rows = present.SelectMany(s => _queries[s].AsSpan(segments[s].Start * columns, segments[s].Rows * columns).ToArray()).ToArray();
        var queries = _rig.Matrix(batch.RowCount, columns, rows);
        var output = _rig.Empty(batch.RowCount, columns);
        _rig.Backend.Attention(queries, _layer, batch, _shape.Scale / MathF.Sqrt(_shape.HeadDim), _shape.Window, output);
        return _rig.Read(output);
    }
}
