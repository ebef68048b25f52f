using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cpu;

/// <summary>Whole models through <see cref="StageModel"/>: steps as the engine makes them, without sampling.</summary>
internal static class ModelRows
{
    private const int PageTokens = 64;
    private const int DecodeContext = 256;
    private const int ChunkTokens = 512;

    public static void Measure(BenchSession session)
    {
        if (session.WantsSome("decode/1b/") || session.WantsSome("prefill/1b/"))
        {
            using var weights = new SyntheticWeights(Shapes.OneBillion);
            Measure(session, "1b", Shapes.OneBillion, weights);
        }

        if (session.Options.Tiny is { } folder && (session.WantsSome("decode/tiny/") || session.WantsSome("prefill/tiny/")))
        {
            using var checkpoint = Checkpoint.Open(folder);
            Measure(session, "tiny", checkpoint.Config, checkpoint.Weights);
        }
    }

    private static void Measure(BenchSession session, string name, ModelConfig config, IWeights weights)
    {
        using var backend = new CpuBackend(session.Threads);
        var options = new StageOptions
        {
            StateUnits = Math.Max(32 * (DecodeContext / PageTokens + 1), 4096 / PageTokens),
            PageTokens = PageTokens,
            MaxRows = ChunkTokens,
            ValidateWeights = false,
        };
        using var stage = StageModel.Load(config, weights, new LayerRange(0, config.LayerCount), backend, options);
        foreach (var batch in new[] { 1, 8, 32 })
        {
            Decode(session, $"decode/{name}/batch{batch}", stage, weights, batch);
        }

        foreach (var tokens in new[] { 512, 4096 })
        {
            Prefill(session, $"prefill/{name}/{tokens}", stage, tokens);
        }
    }

    /// <summary>One token for each of so many sequences at a context of 256.</summary>
    private static void Decode(BenchSession session, string name, StageModel stage, IWeights weights, int sequences)
    {
        var hidden = stage.AllocateHidden(sequences);
        var batch = new StepBatch();
        const int Pages = DecodeContext / PageTokens;
        for (var s = 0; s < sequences; s++)
        {
            batch.AddLogitRow(batch.AddSegment([s % stage.Config.VocabularySize], DecodeContext - 1, [.. Enumerable.Range(s * Pages, Pages)], 0, -1));
        }

        var config = stage.Config;
        var cache = 2.0 * config.LayerCount * config.KeyValueHeadCount * config.HeadDim * sizeof(float) * DecodeContext * sequences;
        var attention = 4.0 * config.LayerCount * config.HeadCount * config.HeadDim * DecodeContext * sequences;
        session.ByTokens(name, sequences, ReadBytes(config, weights) + cache, 2.0 * Multiplied(config, head: true) * sequences + attention, () => Step(stage, batch, hidden));
        hidden.Buffer.Dispose();
    }

    /// <summary>One prompt in chunks, with logits of its last token.</summary>
    private static void Prefill(BenchSession session, string name, StageModel stage, int tokens)
    {
        var hidden = stage.AllocateHidden(ChunkTokens);
        var pages = Enumerable.Range(0, tokens / PageTokens).ToArray();
        var random = new Random(1);
        var chunks = Enumerable.Range(0, tokens / ChunkTokens).Select(chunk =>
        {
            var batch = new StepBatch();
            var ids = Enumerable.Range(0, ChunkTokens).Select(_ => random.Next(stage.Config.VocabularySize)).ToArray();
            batch.AddSegment(ids, chunk * ChunkTokens, pages, 0, -1);
            if ((chunk + 1) * ChunkTokens == tokens)
            {
                batch.AddLogitRow(ChunkTokens - 1);
            }

            return batch;
        }).ToArray();
        var config = stage.Config;
        var attention = 2.0 * config.LayerCount * config.HeadCount * config.HeadDim * tokens * (tokens + 1);
        session.ByTokens(name, tokens, 0, 2.0 * Multiplied(config, head: false) * tokens + attention, () =>
        {
            foreach (var chunk in chunks)
            {
                Step(stage, chunk, hidden);
            }
        });
        hidden.Buffer.Dispose();
    }

    private static void Step(StageModel stage, StepBatch batch, Matrix hidden)
    {
        stage.Step(batch, hidden);
        foreach (var block in stage.Logits(batch, hidden))
        {
            _ = stage.Backend.ReadLogits(block.Logits);
        }
    }

    /// <summary>Weights that a token is multiplied with.</summary>
    private static double Multiplied(ModelConfig config, bool head)
    {
        double queries = config.HeadCount * config.HeadDim, keys = config.KeyValueHeadCount * config.HeadDim;
        var layer = config.HiddenSize * (2 * queries + 2 * keys + 3.0 * config.IntermediateSize);
        return layer * config.LayerCount + (head ? (double)config.VocabularySize * config.HiddenSize : 0);
    }

    /// <summary>Bytes of weights that a step reads: all but the embedding table, of which it reads rows only.</summary>
    private static double ReadBytes(ModelConfig config, IWeights weights) =>
        Multiplied(config, head: true) * weights.Get(new WeightId(WeightRole.Query, 0)).Type.SizeInBytes();
}
