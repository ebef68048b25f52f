using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cpu;

/// <summary>Operators alone, at the shapes of the 1B model, over weights and caches that are too large for the processor's caches.</summary>
internal static class KernelRows
{
    private static readonly WeightRole[][] Sections =
    [
        [WeightRole.Query, WeightRole.Key, WeightRole.Value], [WeightRole.AttentionOutput], [WeightRole.Gate, WeightRole.Up], [WeightRole.Down],
    ];

    private static readonly int[] Tokens = [8, 32, 512];

    public static void Measure(BenchSession session)
    {
        if (Sections.Select(Name).Any(name => session.Wants($"matvec/{name}") || Tokens.Any(tokens => session.Wants($"matmul/{name}/{tokens}"))))
        {
            Projections(session);
        }

        foreach (var type in new[] { DataType.Float32, DataType.BFloat16 })
        {
            foreach (var context in new[] { 1024, 16384 })
            {
                AttentionDecode(session, type, context);
            }
        }

        AttentionPrefill(session, 0, 512);
        AttentionPrefill(session, 3584, 512);
        foreach (var chunk in new[] { 1, CpuBackend.PreferredChunkTokens })
        {
            LinearAttention(session, 1, chunk);
            LinearAttention(session, 512, chunk);
        }
    }

    private static void Projections(BenchSession session)
    {
        var config = Shapes.OneBillion with { LayerCount = 8, VocabularySize = 64 };
        using var weights = new SyntheticWeights(config);
        using var backend = new CpuBackend(session.Threads);
        foreach (var section in Sections)
        {
            var name = Name(section);
            var shapes = section.Select(role => weights.Get(new(role, 0))).ToArray();
            var elements = shapes.Sum(shape => (double)shape.Rows * shape.Columns) * config.LayerCount;
            session.ByBytes($"matvec/{name}", elements * 2, elements * 2, Sweep(backend, weights, config, section, 1));
            foreach (var tokens in Tokens)
            {
                var layers = config with { LayerCount = tokens > 32 ? 1 : config.LayerCount };
                session.ByOperations(
                    $"matmul/{name}/{tokens}", 2 * elements * tokens * layers.LayerCount / config.LayerCount, Sweep(backend, weights, layers, section, tokens));
            }
        }
    }

    private static string Name(WeightRole[] section) => string.Join('+', section).ToLowerInvariant();

    /// <summary>One projection section of every layer, as a step goes through them.</summary>
    private static Action Sweep(CpuBackend backend, SyntheticWeights weights, ModelConfig config, WeightRole[] section, int tokens)
    {
        var first = weights.Get(new(section[0], 0));
        var x = Random(backend, tokens, first.Columns);
        var layers = new Projection[config.LayerCount][];
        var outputs = section.Select(role => Random(backend, tokens, weights.Get(new(role, 0)).Rows)).ToArray();
        for (var l = 0; l < layers.Length; l++)
        {
            layers[l] = [.. section.Select((role, i) => new Projection(backend.LoadWeight(weights.Get(new(role, l))), outputs[i]))];
        }

        return () =>
        {
            foreach (var layer in layers)
            {
                backend.Project(x, layer);
            }
        };
    }

    private static void AttentionDecode(BenchSession session, DataType type, int context)
    {
        var name = $"attention/decode/{(type == DataType.Float32 ? "f32" : "bf16")}/{context}";
        if (!session.Wants(name))
        {
            return;
        }

        var config = Shapes.OneBillion;
        using var backend = new CpuBackend(session.Threads);
        // Several layers' caches in turn, as in a step: 64 MB at least, more than the last-level cache.
        var pageTable = Enumerable.Range(0, context / 64).ToArray();
        var bytes = 2.0 * context * config.KeyValueHeadCount * config.HeadDim * type.SizeInBytes();
        var layers = Enumerable.Range(0, (int)Math.Max(2, 128e6 / bytes)).Select(_ => Cache(backend, config, type, pageTable.Length)).ToArray();
        var batch = new StepBatch();
        batch.AddSegment([0], context - 1, pageTable, 0, -1);
        var queries = Random(backend, 1, config.HeadCount * config.HeadDim);
        var output = Random(backend, 1, config.HeadCount * config.HeadDim);
        session.ByBytes(name, bytes * layers.Length, 4.0 * context * config.HeadCount * config.HeadDim * layers.Length, () =>
        {
            foreach (var layer in layers)
            {
                backend.Attention(queries, layer, batch, 0.125f, int.MaxValue, output);
            }
        });
    }

    private static void AttentionPrefill(BenchSession session, int start, int rows)
    {
        var name = $"attention/prefill/{start}+{rows}";
        if (!session.Wants(name))
        {
            return;
        }

        var config = Shapes.OneBillion;
        using var backend = new CpuBackend(session.Threads);
        var pageTable = Enumerable.Range(0, (start + rows + 63) / 64).ToArray();
        var layer = Cache(backend, config, DataType.Float32, pageTable.Length);
        var batch = new StepBatch();
        batch.AddSegment(new int[rows], start, pageTable, 0, -1);
        var queries = Random(backend, rows, config.HeadCount * config.HeadDim);
        var output = Random(backend, rows, config.HeadCount * config.HeadDim);
        var pairs = rows * (double)start + rows * (rows + 1.0) / 2;
        session.ByOperations(name, 4 * pairs * config.HeadCount * config.HeadDim, () => backend.Attention(queries, layer, batch, 0.125f, int.MaxValue, output));
    }

    /// <summary>Layers of a 7B SUPRA model: 32 heads of 128, 8 key-value heads; recurrent, and in the backend's chunks. Decode goes through all places of a chunk in turn.</summary>
    private static void LinearAttention(BenchSession session, int rows, int chunk)
    {
        const int Heads = 32, KeyValueHeads = 8, Dim = 128, Layers = 16;
        var name = $"linear-attention/supra-7b/{(chunk == 1 ? "recurrent" : $"chunk{chunk}")}/{rows}";
        if (!session.Wants(name))
        {
            return;
        }

        using var backend = new CpuBackend(session.Threads);
        using var state = new StageState(backend, new RecurrentSpec(Heads, KeyValueHeads, Dim, chunk), Layers, units: 1);
        state.Apply([new StateCopy(-1, 0)]);
        var batches = Enumerable.Range(0, Math.Max(1, CpuBackend.PreferredChunkTokens / rows)).Select(step => OneSegment(step * rows, rows)).ToArray();
        var queries = Random(backend, rows, Heads * Dim);
        var keys = Random(backend, rows, KeyValueHeads * Dim);
        var values = Random(backend, rows, KeyValueHeads * Dim);
        var output = Random(backend, rows, Heads * Dim);
        var decay = Enumerable.Repeat(0.99f, Heads).ToArray();
        session.ByOperations(name, 4.0 * Heads * Dim * Dim * rows * Layers * batches.Length, () =>
        {
            foreach (var batch in batches)
            {
                for (var layer = 0; layer < Layers; layer++)
                {
                    backend.LinearAttention(queries, keys, values, state.Recurrent(layer), batch, decay, output);
                }
            }
        });
    }

    private static StepBatch OneSegment(int start, int rows)
    {
        var batch = new StepBatch();
        batch.AddSegment(new int[rows], start, [], 0, 0);
        return batch;
    }

    private static KeyValueLayer Cache(CpuBackend backend, ModelConfig config, DataType type, int pages)
    {
        var elements = (long)pages * 64 * config.KeyValueHeadCount * config.HeadDim;
        return new KeyValueLayer(Filled(backend, type, elements), Filled(backend, type, elements), pages, 64, config.KeyValueHeadCount, config.HeadDim);
    }

    private static DeviceBuffer Filled(CpuBackend backend, DataType type, long elements)
    {
        var buffer = backend.Allocate(type, elements);
        // Repeated bytes 0x3D: a small positive number in all three types.
        var bytes = new byte[1 << 16];
        Array.Fill(bytes, (byte)0x3D);
        var size = type.SizeInBytes();
        for (long e = 0; e < elements; e += bytes.Length / size)
        {
            backend.Write(buffer, e, bytes.AsSpan(0, (int)Math.Min(bytes.Length, (elements - e) * size)));
        }

        return buffer;
    }

    private static Matrix Random(CpuBackend backend, int rows, int columns)
    {
        var random = new Random(rows * 31 + columns);
        var matrix = new Matrix(backend.Allocate(DataType.Float32, (long)rows * columns), rows, columns);
        var row = new float[columns];
        for (var t = 0; t < rows; t++)
        {
            for (var c = 0; c < columns; c++)
            {
                row[c] = (float)random.NextDouble() * 2 - 1;
            }

            backend.Write(matrix.Buffer, (long)t * columns, System.Runtime.InteropServices.MemoryMarshal.AsBytes(row.AsSpan()));
        }

        return matrix;
    }
}
