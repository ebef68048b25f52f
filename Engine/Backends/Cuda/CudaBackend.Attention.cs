using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>The operators that read or write what sequences remember.</summary>
public sealed unsafe partial class CudaBackend
{
    private const int FastPageTokens = 64;
    private const int MaxGroup = 16;

    /// <summary>Splits of a sequence whose last ones are much longer than the first.</summary>
    private const int FirstLongSplits = 28;

    public void NormQueryKeyValue(Matrix x, in NormStep norm, in AttentionInputs inputs, KeyValueLayer layer, StepBatch batch, RopeTable table)
    {
        Require(batch);
        if (!IsFastLayer(inputs.Queries, layer) || !IsFastProduct(inputs.QueryWeight, DataType.BFloat16, inputs.Queries)
            || !IsFastProduct(inputs.KeyWeight, DataType.BFloat16, inputs.Keys) || !IsFastProduct(inputs.ValueWeight, DataType.BFloat16, inputs.Values))
        {
            NormProject(x, norm, [new(inputs.QueryWeight, inputs.Queries), new(inputs.KeyWeight, inputs.Keys), new(inputs.ValueWeight, inputs.Values)]);
            Rope(inputs.Queries, inputs.Queries.Columns / layer.HeadDim, batch, table);
            Rope(inputs.Keys, layer.KeyValueHeads, batch, table);
            StoreKeyValue(inputs.Keys, inputs.Values, layer, batch);
        }
        else if (x.Rows <= FewRows)
        {
            var angles = Angles(table, x.Rows);
            if (NormsInside(x, norm))
            {
                OperatorShapes.RmsNorm(x, norm.Weight, norm.Output);
                SkinnyQueryKeyValue(InputOf(x, norm), x.Rows, inputs, layer, angles);
                return;
            }

            RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
            FewRowsQueryKeyValue(norm.Output, inputs, layer, angles);
        }
        else
        {
            QueryKeyValueOfManyRows(x, norm, inputs, layer, table);
        }
    }

    public void StoreKeyValue(Matrix keys, Matrix values, KeyValueLayer layer, StepBatch batch)
    {
        RequireOneType(layer, nameof(StoreKeyValue));
        RequireSameType(keys, values, nameof(StoreKeyValue));
        if (!ReferenceEquals(_running, batch))
        {
            OperatorShapes.StoreKeyValue(keys, values, layer, batch);
            Require(batch);
        }

        _generic.StoreKeyValue.Launch(
            _stream, LaunchShape.Of(keys.Rows, BlockThreads), Address(keys), Address(values), Type(keys), Cuda(layer.Keys).Address, Cuda(layer.Values).Address,
            TypeCode.Of(layer.Keys.Type), _step.Positions, _step.PageStart, _step.PageIds, layer.KeyValueHeads, layer.PageTokens, layer.HeadDim);
    }

    public void Attention(Matrix queries, KeyValueLayer layer, StepBatch batch, float scale, int window, Matrix output)
    {
        RequireOneType(layer, nameof(Attention));
        if (!ReferenceEquals(_running, batch))
        {
            OperatorShapes.Attention(queries, layer, batch, output);
            Require(batch);
        }

        if (IsFastLayer(queries, layer) && output.Buffer.Type == DataType.BFloat16)
        {
            AttendRows(queries, layer, scale, window, output);
            AttendTiles(queries, layer, batch, scale, window, output);
            return;
        }

        var heads = queries.Columns / layer.HeadDim;
        RequireSameType(queries, output, nameof(Attention));
        _generic.Attend.Launch(
            _stream, new LaunchShape(queries.Rows, heads, 1, 32, layer.HeadDim * sizeof(float)), Address(queries), Type(queries), Cuda(layer.Keys).Address,
            Cuda(layer.Values).Address, TypeCode.Of(layer.Keys.Type), Address(output), _step.Positions, _step.PageStart, _step.PageIds, layer.KeyValueHeads, layer.PageTokens,
            layer.HeadDim, window, scale);
    }

    public void LinearAttention(
        Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, Matrix output)
    {
        if (!ReferenceEquals(_running, batch))
        {
            OperatorShapes.LinearAttention(queries, keys, values, layer, batch, decay, output);
            Require(batch);
        }

        RequireSameType(queries, output, nameof(LinearAttention));
        RequireSameType(queries, keys, nameof(LinearAttention));
        RequireSameType(keys, values, nameof(LinearAttention));
        if (layer.ChunkTokens > 1)
        {
            AttendInChunks(queries, keys, values, layer, decay, output);
            return;
        }

        _generic.LinearAttention.Launch(
            _stream, new LaunchShape(_step.Segments, layer.Heads, (layer.HeadDim + 31) / 32, 32), Address(queries), Address(keys), Address(values), Type(queries),
            Cuda(layer.States).Address, layer.SlotElements, _step.SegmentTable, _scratch.Table(layer, decay), Address(output), layer.KeyValueHeads, layer.HeadDim);
    }

    public void LinearAttentionNormed(
        Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, float epsilon, Matrix output)
    {
        if (!IsFast(queries, DataType.BFloat16) || !IsFast(keys, DataType.BFloat16) || !IsFast(values, DataType.BFloat16) || !IsFast(output, DataType.BFloat16)
            || layer.HeadDim is not (64 or 128) || !IsFastChunk(layer))
        {
            LinearAttention(queries, keys, values, layer, batch, decay, output);
            GroupNorm(output, layer.Heads, epsilon);
            return;
        }

        Require(batch);
        var (rows, heads, dim) = (queries.Rows, layer.Heads, layer.HeadDim);
        var mixed = _scratch.Block("mixed", (long)rows * heads * dim * sizeof(float));
        var norm = LaunchShape.Of(((long)rows * heads + 7) / 8, BlockThreads);
        if (layer.ChunkTokens == 1)
        {
            Launch(
                _attention.Linear(dim), new LaunchShape(dim / 32, heads, _step.Segments, 128), Address(queries), Address(keys), Address(values),
                Cuda(layer.States).Address, _scratch.Table(layer, decay), _step.SegmentTable, mixed, heads, layer.KeyValueHeads, (float)(1 / Math.Sqrt(dim)));
            Launch(_attention.GroupNorm(dim), norm, mixed, Address(output), rows * heads, epsilon);
            return;
        }

        Launch(
            _attention.LinearChunked(dim), new LaunchShape(dim / 32, heads, _step.Segments, 64), Address(queries), Address(keys), Address(values),
            Cuda(layer.States).Address, layer.SlotElements, ChunkTable(layer, decay), _step.SegmentTable, mixed, heads, layer.KeyValueHeads);
        Launch(
            _attention.GroupNormKeep(dim), norm, mixed, Address(output), epsilon, Address(keys), Address(values), Cuda(layer.States).Address, layer.SlotElements,
            _step.Positions, _step.Slots, rows, heads, layer.KeyValueHeads);
    }

    private static bool IsFastChunk(RecurrentLayer layer) =>
        layer.ChunkTokens == 1 || (layer.ChunkTokens == AttentionKernels.ChunkTokens && layer.OpenType == DataType.BFloat16);

    private void AttendInChunks(Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, ReadOnlySpan<float> decay, Matrix output)
    {
        var openType = TypeCode.Of(layer.OpenType);
        _generic.LinearAttentionChunks.Launch(
            _stream, new LaunchShape(_step.Segments, layer.Heads, (layer.HeadDim + 31) / 32, 32), Address(queries), Address(keys), Address(values), Type(queries),
            Cuda(layer.States).Address, layer.SlotElements, layer.ChunkTokens, openType, _step.SegmentTable, ChunkTable(layer, decay), Address(output), layer.KeyValueHeads,
            layer.HeadDim);
        _generic.KeepOpen.Launch(
            _stream, new LaunchShape(_step.Segments, 1, 1, BlockThreads), Address(keys), Address(values), Type(keys), Cuda(layer.States).Address, layer.SlotElements,
            layer.ChunkTokens, openType, _step.SegmentTable, layer.Heads, layer.KeyValueHeads, layer.HeadDim);
    }

    private ulong ChunkTable(RecurrentLayer layer, ReadOnlySpan<float> decay) =>
        _scratch.TryTable(layer, out var address) ? address : _scratch.Table(layer, ChunkDecay.Build(decay, layer.ChunkTokens, layer.HeadDim));

    private void QueryKeyValueOfManyRows(Matrix x, in NormStep norm, in AttentionInputs inputs, KeyValueLayer layer, RopeTable table)
    {
        RmsNorm(x, norm.Weight, norm.Epsilon, norm.Output);
        Project(norm.Output, [new(inputs.QueryWeight, inputs.Queries), new(inputs.KeyWeight, inputs.Keys), new(inputs.ValueWeight, inputs.Values)]);
        Launch(
            IsNarrow(layer) ? _rows.RopeStoreNarrow : _rows.RopeStore, LaunchShape.Of(x.Rows, BlockThreads), Address(inputs.Queries), Address(inputs.Keys), Address(inputs.Values), Angles(table, x.Rows),
            _step.Positions, _step.PageStart, _step.PageIds, Cuda(layer.Keys).Address, Cuda(layer.Values).Address, inputs.Queries.Columns / layer.HeadDim,
            layer.KeyValueHeads, layer.HeadDim, inputs.Queries.Columns, inputs.Keys.Columns);
    }

    /// <summary>Decode rows: split over the sequence, merged in order by the last block of a row.</summary>
    private void AttendRows(Matrix queries, KeyValueLayer layer, float scale, int window, Matrix output)
    {
        var rows = Math.Min(_step.SingleEnd, queries.Rows);
        if (rows == 0)
        {
            return;
        }

        var (dim, groups, heads) = (layer.HeadDim, layer.KeyValueHeads, queries.Columns / layer.HeadDim);
        // Padding rows of a recording are launched too: its grid is for the whole bucket.
        rows = _step.Segments == _step.Rows ? queries.Rows : rows;
        var splits = AttentionSplits.Bucket(_step.LastSinglePosition);
        var partial = _scratch.Block("partial", (long)rows * heads * splits * (dim + 2) * sizeof(float));
        var counters = _scratch.Block("counters", (long)rows * groups * sizeof(int));
        var deep = rows == 1 && IsDeep(splits, (long)splits * groups);
        Launch(
            _attention.Decode(dim, heads / groups, deep, IsNarrow(layer)), new LaunchShape(splits, groups, rows, 2 * dim, AttentionKernels.DecodeShared(dim, deep)), Address(queries),
            Cuda(layer.Keys).Address, Cuda(layer.Values).Address, Address(output), _step.SinglePositions, _step.PageStart, _step.PageIds, partial, counters, groups, splits,
            scale, window, StepMemory.SingleRows);
    }

    /// <summary>A multiprocessor has one block, or its long one is soon by itself: such a block wants all of the memory to keep enough copies in flight.</summary>
    private bool IsDeep(int splits, long blocks) =>
        blocks <= _context.Info.MultiprocessorCount || (splits >= FirstLongSplits && 2 * blocks <= 5L * _context.Info.MultiprocessorCount);

    /// <summary>Prefill rows: tiles of 128 rows and one head.</summary>
    private void AttendTiles(Matrix queries, KeyValueLayer layer, StepBatch batch, float scale, int window, Matrix output)
    {
        if (_step.Tiles == 0)
        {
            return;
        }

        if (IsNarrow(layer))
        {
            AttendWidenedTiles(queries, layer, batch, scale, window, output);
            return;
        }

        var (dim, groups, heads) = (layer.HeadDim, layer.KeyValueHeads, queries.Columns / layer.HeadDim);
        var pageRows = (long)layer.PageCount * groups * layer.PageTokens;
        Launch(
            _attention.Prefill(dim), new LaunchShape(heads, _step.Tiles, 1, 384, AttentionKernels.PrefillShared(dim)),
            _maps.Get(Address(queries), queries.Rows, queries.Columns), _maps.Get(Cuda(layer.Keys).Address, pageRows, dim),
            _maps.Get(Cuda(layer.Values).Address, pageRows, dim), Address(output), _step.SegmentTable, _step.TileTable, _step.PageIds, heads, groups, scale, window);
    }

    private bool IsFastLayer(Matrix queries, KeyValueLayer layer) =>
        IsFast(queries, DataType.BFloat16) && (layer.Keys.Type == DataType.BFloat16 || IsNarrow(layer)) && layer.PageTokens == FastPageTokens && (layer.HeadDim is 64 or 128)
        && queries.Columns / layer.HeadDim / layer.KeyValueHeads <= MaxGroup;

    private static void RequireOneType(KeyValueLayer layer, string operation)
    {
        if (layer.Keys.Type != layer.Values.Type)
        {
            throw new ArgumentException($"{operation}: keys are {layer.Keys.Type} and values {layer.Values.Type}; expected one type");
        }
    }
}
