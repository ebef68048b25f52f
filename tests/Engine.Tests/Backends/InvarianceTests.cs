using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>
/// Promise 2 on the CPU backend, bit for bit: a row's result does not know how many rows, segments and threads there were, how a prompt was cut, or which
/// pages hold it.
/// </summary>
public sealed class InvarianceTests
{
    private static readonly int[] ThreadCounts = [1, 2, 3];

    [Theory]
    [InlineData(DataType.BFloat16, 64, 50)]
    [InlineData(DataType.BFloat16, 2060, 13)]
    [InlineData(DataType.BFloat16, 70, 133)]
    [InlineData(DataType.Float32, 1100, 11)]
    [InlineData(DataType.Float16, 132, 37)]
    public void A_row_of_a_product_is_the_same_in_every_batch_and_on_every_team(DataType type, int k, int n)
    {
        const int Rows = 103;
        var expected = Project(type, k, n, Rows, rowsTogether: 1, threads: 1);
        foreach (var together in new[] { 1, 2, 3, 4, 5, 8, 15, 16, 33, 100 })
        {
            Assert.Equal(expected, Project(type, k, n, Rows, together, threads: 2));
        }

        foreach (var threads in ThreadCounts)
        {
            Assert.Equal(expected, Project(type, k, n, Rows, Rows, threads));
        }

        Assert.Equal(expected, Project(type, k, n, Rows, Rows, threads: 2, wide: true));
    }

    [Theory]
    [InlineData(DataType.Float32, 64, int.MaxValue)]
    [InlineData(DataType.BFloat16, 64, int.MaxValue)]
    [InlineData(DataType.Float16, 12, int.MaxValue)]
    [InlineData(DataType.Float32, 16, 100)]
    [InlineData(DataType.Float32, 20, 300)]
    public void Attention_is_the_same_however_a_prompt_is_cut(DataType type, int headDim, int window)
    {
        const int Length = 330;
        var shape = new AttentionShape(6, 2, headDim) { Type = type, Window = window };
        var expected = Attend(shape, Length, [.. Enumerable.Repeat(1, Length)], threads: 1);
        foreach (var chunk in new[] { 3, 4, 5, 64, 257 })
        {
            Assert.Equal(expected, Attend(shape, Length, Chunks(Length, chunk), threads: 2));
        }

        foreach (var threads in ThreadCounts)
        {
            Assert.Equal(expected, Attend(shape, Length, [Length], threads));
        }
    }

    [Fact]
    public void Attention_does_not_depend_on_page_size_or_page_ids()
    {
        const int Length = 600;
        var shape = new AttentionShape(4, 2, 32);
        var expected = Attend(shape, Length, [Length], threads: 2);
        foreach (var pageTokens in new[] { 1, 16, 37, 128, 256, 512 })
        {
            Assert.Equal(expected, Attend(shape with { PageTokens = pageTokens }, Length, [Length], threads: 2));
        }

        Assert.Equal(expected, Attend(shape, Length, [Length], threads: 2, pageOffset: 13));
    }

    [Fact]
    public void Attention_of_a_sequence_does_not_depend_on_the_others_of_its_batch()
    {
        (int Start, int Rows)[] segments = [(0, 5), (700, 1), (300, 4), (17, 90), (1023, 1), (512, 40)];
        var shape = new AttentionShape(8, 2, 16);
        using var rig = new OperatorRig(new CpuBackend(3), 5);
        var scenario = AttentionScenario.Create(rig, shape, segments);
        var together = scenario.Attend(segments);
        var columns = shape.Heads * shape.HeadDim;
        var first = 0;
        for (var s = 0; s < segments.Length; s++)
        {
            var alone = scenario.Attend([.. segments.Select((segment, i) => i == s ? segment : segment with { Rows = 0 })]);
            Assert.Equal(together[(first * columns)..((first + segments[s].Rows) * columns)], alone);
            first += segments[s].Rows;
        }
    }

    [Theory]
    [InlineData(4, 4, 1)]
    [InlineData(36, 1, 1)]
    [InlineData(64, 2, 1)]
    [InlineData(4, 4, 7)]
    [InlineData(36, 1, 8)]
    [InlineData(64, 2, 16)]
    [InlineData(128, 1, 16)]
    [InlineData(80, 4, 32)]
    [InlineData(64, 4, 128)]
    public void Linear_attention_is_the_same_however_a_prompt_is_cut(int headDim, int keyValueHeads, int chunkTokens)
    {
        const int Length = 90;
        var expected = Recur(headDim, keyValueHeads, chunkTokens, Length, [Length], threads: 1);
        foreach (var threads in (int[])[.. ThreadCounts, 9])
        {
            foreach (var step in new[] { 1, 2, 3, 7, 16, 64 })
            {
                Assert.Equal(expected, Recur(headDim, keyValueHeads, chunkTokens, Length, Chunks(Length, step), threads));
            }

            Assert.Equal(expected, Recur(headDim, keyValueHeads, chunkTokens, Length, [5, 10, 1, 1, 31, 2, 40], threads));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public void Linear_attention_of_a_sequence_does_not_depend_on_the_others_of_its_batch(int chunkTokens)
    {
        (int Start, int Rows)[] segments = [(0, 5), (15, 1), (300, 40), (17, 1), (47, 3), (31, 1), (64, 16)];
        var together = RecurTogether(segments, chunkTokens, [.. segments.Select(_ => true)]);
        for (var s = 0; s < segments.Length; s++)
        {
            var alone = RecurTogether(segments, chunkTokens, [.. segments.Select((_, i) => i == s)]);
            Assert.Equal(together[s], alone[s]);
        }
    }

    [Fact]
    public void Rows_of_the_small_operators_are_the_same_alone_and_together()
    {
        const int Rows = 67;
        var expected = SmallOperators(Rows, rowsTogether: 1, threads: 1);
        foreach (var threads in ThreadCounts)
        {
            Assert.Equal(expected, SmallOperators(Rows, 10, threads));
            Assert.Equal(expected, SmallOperators(Rows, Rows, threads));
        }
    }

    private static int[] Chunks(int length, int chunk) =>
        [.. Enumerable.Range(0, (length + chunk - 1) / chunk).Select(i => Math.Min(chunk, length - i * chunk))];

    private static float[] Project(DataType type, int k, int n, int rows, int rowsTogether, int threads, bool wide = false)
    {
        using var rig = new OperatorRig(new CpuBackend(threads, wide), 1);
        var x = rig.Matrix(rows, k);
        var weight = rig.Weight(type, n, k);
        var weights = rig.Weight(DataType.BFloat16, 2 * n, k);
        var y = rig.Matrix(rows, n);
        var z = rig.Empty(rows, 2 * n);
        for (var t = 0; t < rows; t += rowsTogether)
        {
            var count = Math.Min(rowsTogether, rows - t);
            rig.Backend.Project(Part(x, t, count), [new Projection(weight, Part(y, t, count), Accumulate: true), new Projection(weights, Part(z, t, count))]);
        }

        return [.. rig.Read(y), .. rig.Read(z)];
    }

    private static float[] Attend(AttentionShape shape, int length, int[] chunks, int threads, int pageOffset = 0)
    {
        using var rig = new OperatorRig(new CpuBackend(threads), 2);
        var scenario = AttentionScenario.Create(rig, shape, [(0, length)], pageOffset);
        var results = new List<float>();
        var start = 0;
        foreach (var rows in chunks)
        {
            results.AddRange(scenario.Attend([(start, rows)]));
            start += rows;
        }

        return [.. results];
    }

    /// <summary>What each segment reads and leaves in its slot; those that are not <paramref name="chosen"/> stay out of the batch.</summary>
    private static float[][] RecurTogether((int Start, int Rows)[] segments, int chunkTokens, bool[] chosen)
    {
        const int Heads = 4, Groups = 2, Dim = 64;
        using var rig = new OperatorRig(new CpuBackend(3), 6);
        var layer = rig.Recurrent(segments.Length, Heads, Groups, Dim, chunkTokens);
        var rows = segments.Sum(segment => segment.Rows);
        var (queries, keys, values) = (rig.Values(rows * Heads * Dim), rig.Values(rows * Groups * Dim), rig.Values(rows * Groups * Dim));
        var (batch, first, starts) = (new StepBatch(), 0, new int[segments.Length]);
        var taken = new List<int>();
        for (var s = 0; s < segments.Length; first += segments[s++].Rows)
        {
            starts[s] = chosen[s] ? batch.AddSegment(new int[segments[s].Rows], segments[s].Start, [], 0, s) : -1;
            taken.AddRange(chosen[s] ? Enumerable.Range(first, segments[s].Rows) : []);
        }

        float[] Picked(float[] all, int width) => [.. taken.SelectMany(row => all[(row * width)..((row + 1) * width)])];
        var output = rig.Empty(taken.Count, Heads * Dim);
        rig.Backend.LinearAttention(
            rig.Matrix(taken.Count, Heads * Dim, Picked(queries, Heads * Dim)), rig.Matrix(taken.Count, Groups * Dim, Picked(keys, Groups * Dim)),
            rig.Matrix(taken.Count, Groups * Dim, Picked(values, Groups * Dim)), layer, batch, [1f, 0.5f, 0.9f, 0.99f], output);
        var read = rig.Read(output);
        return [.. segments.Select((segment, s) => !chosen[s] ? [] : (float[])[
            .. read[(starts[s] * Heads * Dim)..((starts[s] + segment.Rows) * Heads * Dim)],
            .. rig.Read(layer.States, s * layer.SlotElements, (int)layer.SlotElements)])];
    }

    private static float[] Recur(int headDim, int keyValueHeads, int chunkTokens, int length, int[] chunks, int threads)
    {
        const int Heads = 4;
        using var rig = new OperatorRig(new CpuBackend(threads), 3);
        var layer = rig.Recurrent(2, Heads, keyValueHeads, headDim, chunkTokens);
        var queries = rig.Matrix(length, Heads * headDim);
        var keys = rig.Matrix(length, keyValueHeads * headDim);
        var values = rig.Matrix(length, keyValueHeads * headDim);
        var output = rig.Empty(length, Heads * headDim);
        var start = 0;
        foreach (var rows in chunks)
        {
            var batch = OperatorRig.Batch([(start, rows)], slot: _ => 1);
            rig.Backend.LinearAttention(
                Part(queries, start, rows), Part(keys, start, rows), Part(values, start, rows), layer, batch, [1f, 0.5f, 0.9f, 0.99f], Part(output, start, rows));
            start += rows;
        }

        // Of the open chunk, the rows that are in use: behind them lies what earlier chunks left, in step-sized pieces.
        var width = keyValueHeads * headDim;
        var open = (int)layer.StateElements + length % chunkTokens * width;
        var openValues = layer.SlotElements + layer.StateElements + (chunkTokens - 1L) * width;
        return [.. rig.Read(output), .. rig.Read(layer.States, layer.SlotElements, open), .. rig.Read(layer.States, openValues, length % chunkTokens * width)];
    }

    private static float[] SmallOperators(int rows, int rowsTogether, int threads)
    {
        const int Columns = 72;
        using var rig = new OperatorRig(new CpuBackend(threads), 4);
        var table = new RopeTable(rig.Values(Columns / 4), 1.1f);
        var weight = rig.Weight(DataType.BFloat16, 1, Columns);
        var (normed, gate, up) = (rig.Matrix(rows, Columns), rig.Matrix(rows, Columns), rig.Matrix(rows, Columns));
        for (var t = 0; t < rows; t += rowsTogether)
        {
            var count = Math.Min(rowsTogether, rows - t);
            var x = Part(normed, t, count);
            rig.Backend.RmsNorm(x, weight, 1e-5f, x);
            rig.Backend.Rope(x, 2, OperatorRig.Batch([(1000 + t, count)]), table);
            rig.Backend.SwiGlu(Part(gate, t, count), Part(up, t, count));
            rig.Backend.BiasRelu(Part(up, t, count), weight);
            rig.Backend.GroupNorm(Part(up, t, count), 3, 1e-5f);
        }

        return [.. rig.Read(normed), .. rig.Read(gate), .. rig.Read(up)];
    }

    private static Matrix Part(Matrix matrix, int row, int rows) => new(matrix.Buffer, rows, matrix.Columns, matrix.Offset + (long)row * matrix.Columns);
}
