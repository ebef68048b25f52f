using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cpu;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Cpu;

/// <summary>The rows of one model, through <see cref="StageModel"/>: steps as the engine makes them, without sampling.</summary>
internal sealed class ModelSteps(BenchSession session, string name, ModelConfig config, IWeights weights) : IDisposable
{
    private const int PageTokens = 64;
    private const int DecodeContext = 256;
    private const int ChunkTokens = 512;

    /// <summary>Operations of a prefill that may be measured whole; of larger models some layers are measured.</summary>
    private const double WholeOperations = 150e9;

    private static readonly int[] Batches = [1, 8, 32];
    private static readonly int[] Prompts = [512, 4096];
    private static readonly int[] Contexts = [1024, 16384, 65536];
    private readonly CpuBackend _backend = new(session.Threads);
    private readonly ModelCost _cost = new(config, weights);

    public static bool AreWanted(BenchSession session, string name, ModelFamily family) =>
        RowNames(name, family).Any(session.Wants);

    public void Decode()
    {
        var units = config.Family == ModelFamily.Supra ? Batches[^1] : Batches[^1] * DecodeContext / PageTokens;
        using var stage = Load(config.LayerCount, units);
        foreach (var sequences in Batches)
        {
            session.ByTokens($"decode/{name}/batch{sequences}", sequences, _cost.Decode(sequences, DecodeContext), DecodeSteps(stage, sequences, DecodeContext));
        }

        if (config.Family == ModelFamily.Supra)
        {
            var open = ((RecurrentSpec)stage.State.Spec).OpenBytes * config.LayerCount;
            session.Fact($"state/{name}", stage.State.UnitBytes, "bytes", $"of a sequence, at any length: {stage.State.UnitBytes - open} of state, {open} for the open chunk of {_backend.StateChunkTokens} tokens");
            session.SameCost(
                [.. ContextNames(name)], _cost.Decode(1, 0),
                [.. Contexts.Select(context => DecodeSteps(stage, 1, context))]);
        }
    }

    public void Prefill()
    {
        foreach (var tokens in Prompts)
        {
            var layers = LayersMeasured(tokens);
            using var stage = Load(layers, config.Family == ModelFamily.Supra ? 1 : tokens / PageTokens);
            var share = (double)layers / config.LayerCount;
            var work = _cost.Prefill(tokens);
            session.ByTokens(
                $"prefill/{name}/{tokens}", tokens * share, work with { Operations = work.Operations * share }, Chunks(stage, tokens),
                layers < config.LayerCount ? $"; {layers} of {config.LayerCount} layers, in proportion" : "");
        }
    }

    public void Dispose() => _backend.Dispose();

    private static IEnumerable<string> RowNames(string name, ModelFamily family)
    {
        var both = Batches.Select(batch => $"decode/{name}/batch{batch}").Concat(Prompts.Select(tokens => $"prefill/{name}/{tokens}"));
        return family == ModelFamily.Supra ? both.Concat(ContextNames(name)).Append($"state/{name}") : both;
    }

    private static IEnumerable<string> ContextNames(string name) => Contexts.Select(context => $"decode/{name}/ctx{context}/batch1");

    private int LayersMeasured(int tokens) =>
        (int)Math.Clamp(WholeOperations * tokens / ChunkTokens / _cost.Prefill(tokens).Operations * config.LayerCount, tokens > ChunkTokens ? 1 : 2, config.LayerCount);

    private StageModel Load(int layers, int units)
    {
        var options = new StageOptions { StateUnits = units, PageTokens = PageTokens, MaxRows = ChunkTokens, ValidateWeights = false };
        return StageModel.Load(config, weights, new LayerRange(0, layers), _backend, options);
    }

    /// <summary>A step of one token for each of so many sequences. With recurrent states, each call stands at the next place of a chunk, and the sequences at different ones.</summary>
    private Action DecodeSteps(StageModel stage, int sequences, int context)
    {
        var places = config.Family == ModelFamily.Supra ? _backend.StateChunkTokens : 1;
        Action[] steps = [.. Enumerable.Range(0, places).Select(place => Step(stage, DecodeBatch(sequences, context, place, places)))];
        var call = 0;
        return () => steps[call++ % places]();
    }

    private StepBatch DecodeBatch(int sequences, int context, int place, int places)
    {
        var batch = new StepBatch();
        for (var s = 0; s < sequences; s++)
        {
            batch.AddLogitRow(AddSegment(batch, [s % config.VocabularySize], context - 1 + (place + s) % places, s));
        }

        return batch;
    }

    private int AddSegment(StepBatch batch, int[] tokens, int start, int sequence)
    {
        if (config.Family == ModelFamily.Supra)
        {
            return batch.AddSegment(tokens, start, [], 0, sequence);
        }

        var pages = (start + tokens.Length + PageTokens - 1) / PageTokens;
        return batch.AddSegment(tokens, start, [.. Enumerable.Range(sequence * pages, pages)], 0, -1);
    }

    /// <summary>One prompt, a chunk a call, with logits of its last token if the head is there.</summary>
    private Action[] Chunks(StageModel stage, int tokens)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, tokens / ChunkTokens).Select(chunk =>
        {
            var batch = new StepBatch();
            AddSegment(batch, [.. Enumerable.Range(0, ChunkTokens).Select(_ => random.Next(config.VocabularySize))], chunk * ChunkTokens, 0);
            if (stage.IsLast && (chunk + 1) * ChunkTokens == tokens)
            {
                batch.AddLogitRow(ChunkTokens - 1);
            }

            return Step(stage, batch);
        })];
    }

    private static Action Step(StageModel stage, StepBatch batch)
    {
        // Its memory is given back when the bench ends: a few megabytes.
        var hidden = stage.AllocateHidden(batch.RowCount);
        return () =>
        {
            stage.Step(batch, hidden);
            if (stage.IsLast)
            {
                ReadLogits(stage, batch, hidden);
            }
        };
    }

    private static void ReadLogits(StageModel stage, StepBatch batch, Matrix hidden)
    {
        foreach (var block in stage.Logits(batch, hidden))
        {
            _ = stage.Backend.ReadLogits(block.Logits);
        }
    }
}
