using System.Runtime.CompilerServices;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends;

/// <summary>
/// The shapes of <see cref="IBackend"/>'s operators, checked at a backend's door: kernels behind it index without looking. Each method throws
/// <see cref="ArgumentException"/> naming the operator and the sizes that do not fit; none allocates when all is well.
/// </summary>
internal static class OperatorShapes
{
    public static void Embed(ReadOnlySpan<int> tokens, Weight table, Matrix x)
    {
        Equal(x.Rows, tokens.Length, "rows of x", nameof(Embed));
        Equal(table.Columns, x.Columns, "columns of the table", nameof(Embed));
        foreach (var token in tokens)
        {
            Index(token, table.Rows, "token id", nameof(Embed));
        }
    }

    public static void RmsNorm(Matrix x, Weight weight, Matrix y)
    {
        Vector(weight, x.Columns, nameof(RmsNorm));
        Same(x, y, nameof(RmsNorm));
    }

    public static void Project(Matrix x, in Projection projection)
    {
        Equal(projection.Weight.Columns, x.Columns, "columns of the weight", nameof(Project));
        Equal(projection.Output.Columns, projection.Weight.Rows, "columns of the output", nameof(Project));
        Equal(projection.Output.Rows, x.Rows, "rows of the output", nameof(Project));
    }

    public static void Rope(Matrix x, int heads, StepBatch batch, RopeTable table)
    {
        Heads(x, heads, nameof(Rope));
        Equal(x.Rows, batch.RowCount, "rows of x", nameof(Rope));
        Equal(x.Columns, heads * table.InverseFrequencies.Length * 2, "columns of x", nameof(Rope));
    }

    public static void StoreKeyValue(Matrix keys, Matrix values, KeyValueLayer layer, StepBatch batch)
    {
        Same(keys, values, nameof(StoreKeyValue));
        Equal(keys.Rows, batch.RowCount, "rows of the keys", nameof(StoreKeyValue));
        Equal(keys.Columns, layer.KeyValueHeads * layer.HeadDim, "columns of the keys", nameof(StoreKeyValue));
        PageTables(layer, batch, nameof(StoreKeyValue));
    }

    public static void Attention(Matrix queries, KeyValueLayer layer, StepBatch batch, Matrix output)
    {
        Same(queries, output, nameof(Attention));
        Equal(queries.Rows, batch.RowCount, "rows of the queries", nameof(Attention));
        Equal(queries.Columns % (layer.KeyValueHeads * layer.HeadDim), 0, "query columns that are left over by whole head groups", nameof(Attention));
        PageTables(layer, batch, nameof(Attention));
    }

    public static void LinearAttention(
        Matrix queries, Matrix keys, Matrix values, RecurrentLayer layer, StepBatch batch, ReadOnlySpan<float> decay, Matrix output)
    {
        Same(queries, output, nameof(LinearAttention));
        Same(keys, values, nameof(LinearAttention));
        Equal(queries.Rows, batch.RowCount, "rows of the queries", nameof(LinearAttention));
        Equal(keys.Rows, batch.RowCount, "rows of the keys", nameof(LinearAttention));
        Equal(queries.Columns, layer.Heads * layer.HeadDim, "columns of the queries", nameof(LinearAttention));
        Equal(keys.Columns, layer.KeyValueHeads * layer.HeadDim, "columns of the keys", nameof(LinearAttention));
        Equal(layer.Heads % layer.KeyValueHeads, 0, "heads that are left over by whole head groups", nameof(LinearAttention));
        Equal(decay.Length, layer.Heads, "decay values", nameof(LinearAttention));
        foreach (var segment in batch.Segments)
        {
            Index(segment.Slot, layer.SlotCount, "slot", nameof(LinearAttention));
        }
    }

    public static void GatherRows(Matrix x, ReadOnlySpan<int> rows, Matrix y)
    {
        Equal(y.Rows, rows.Length, "rows of y", nameof(GatherRows));
        Equal(y.Columns, x.Columns, "columns of y", nameof(GatherRows));
        foreach (var row in rows)
        {
            Index(row, x.Rows, "row", nameof(GatherRows));
        }
    }

    public static void Vector(Weight weight, int length, string operation)
    {
        Equal(weight.Rows, 1, "rows of the vector", operation);
        Equal(weight.Columns, length, "length of the vector", operation);
    }

    public static void Same(Matrix x, Matrix y, string operation)
    {
        Equal(y.Rows, x.Rows, "rows of the second matrix", operation);
        Equal(y.Columns, x.Columns, "columns of the second matrix", operation);
    }

    public static void Heads(Matrix x, int heads, string operation)
        => Equal(x.Columns % heads, 0, "columns that are left over by whole heads", operation);

    public static void Range(DeviceBuffer buffer, long start, long count, string operation)
    {
        if (start < 0 || count < 0 || start > buffer.Length - count)
        {
            throw new ArgumentException($"{operation}: {count} elements at {start} do not lie in a buffer of {buffer.Length}");
        }
    }

    /// <summary>The elements that <paramref name="bytes"/> bytes are, checked to lie in the buffer from <paramref name="start"/> on.</summary>
    public static int Elements(DeviceBuffer buffer, long start, int bytes, string operation)
    {
        Equal(bytes % buffer.Type.SizeInBytes(), 0, "bytes that are left over by whole elements", operation);
        var count = bytes / buffer.Type.SizeInBytes();
        Range(buffer, start, count, operation);
        return count;
    }

    private static void PageTables(KeyValueLayer layer, StepBatch batch, string operation)
    {
        foreach (var segment in batch.Segments)
        {
            var lastPage = (segment.StartPosition + segment.RowCount - 1) / layer.PageTokens;
            Index(lastPage - segment.FirstPage, segment.PageTableLength, "entry of the page table", operation);
        }

        foreach (var page in batch.PageIds)
        {
            Index(page, layer.PageCount, "page id", operation);
        }
    }

    private static void Equal(int found, int expected, string what, string operation)
    {
        if (found != expected)
        {
            Refuse(operation, what, found, $"{expected}");
        }
    }

    private static void Index(int found, int count, string what, string operation)
    {
        if ((uint)found >= (uint)count)
        {
            Refuse(operation, what, found, $"a value in [0, {count})");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse(string operation, string what, int found, string expected)
        => throw new ArgumentException($"{operation}: {what}: {found} found, {expected} expected");
}
