using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Tests.Models;

/// <summary>The stages of a model in one place, driven step by step without a scheduler.</summary>
internal sealed class TestPipeline : IDisposable
{
    private readonly IBackend _backend;
    private readonly StageModel[] _stages;
    private readonly StepBatch _batch = new();
    private readonly ModelConfig _config;
    private readonly TestSetup _setup;
    private readonly Matrix _hidden;

    public TestPipeline(ModelConfig config, IWeights weights, TestSetup setup, IBackend? backend = null)
    {
        _config = config;
        _setup = setup;
        _backend = backend ?? TestBackends.Create(setup.Backend, setup.Threads);
        var options = new StageOptions
        {
            StateUnits = setup.StateUnits,
            PageTokens = setup.PageTokens,
            MaxRows = setup.MaxRows,
            MaxLogitRows = setup.MaxLogitRows,
            StateType = setup.StateType,
        };
        _stages = Array.ConvertAll(LayerRange.Split(config.LayerCount, setup.Stages), range => StageModel.Load(config, weights, range, _backend, options));
        _hidden = _stages[0].AllocateHidden(setup.MaxRows);
        Pool = new PagePool(setup.StateUnits);
        Scramble();
    }

    public PagePool Pool { get; }

    public SequenceState NewSequence() => _config.Family == ModelFamily.Supra
        ? new RecurrentSequenceState(Pool, _setup.Checkpoints)
        : new PagedSequenceState(Pool, _setup.PageTokens, _config.SlidingWindow);

    /// <summary>Logits of every token of <paramref name="ids"/>, computed in chunks of <paramref name="chunk"/>.</summary>
    public float[][] Prefill(SequenceState sequence, int[] ids, int chunk)
        => [.. ids.Chunk(chunk).SelectMany(part => Step((sequence, part))[0])];

    /// <summary>Negative natural logarithms of the probabilities of ids[1], ids[2], …, each after all that stands before it.</summary>
    public double[] NegativeLogLikelihoods(SequenceState sequence, int[] ids)
    {
        var losses = new List<double>(ids.Length);
        for (var start = 0; start < ids.Length; start += _setup.MaxRows)
        {
            foreach (var row in Step((sequence, ids[start..Math.Min(start + _setup.MaxRows, ids.Length)]))[0])
            {
                if (losses.Count + 1 < ids.Length)
                {
                    losses.Add(-Logits.LogProb(row, ids[losses.Count + 1]));
                }
            }
        }

        return [.. losses];
    }

    /// <summary>One step over several sequences; logits [row][V] of each.</summary>
    public float[][][] Step(params (SequenceState Sequence, int[] Tokens)[] parts)
    {
        Fill(parts, logits: true);
        Run();
        var rows = ReadLogits();
        foreach (var (sequence, tokens) in parts)
        {
            sequence.Advance(tokens.Length);
        }

        var next = 0;
        return [.. parts.Select(part => rows[next..(next += part.Tokens.Length)])];
    }

    /// <summary>One token, and the bytes that the thread allocated while the step ran.</summary>
    public long AllocatedByDecodeStep(SequenceState sequence, int[] token)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        _batch.Clear();
        sequence.TryReserve(1, _batch);
        _batch.AddLogitRow(sequence.AddSegment(_batch, token));
        sequence.Advance(1);
        Run();
        foreach (var block in _stages[^1].Logits(_batch, _hidden.Top(1)))
        {
            _backend.ReadLogits(block.Logits);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    public void Dispose()
    {
        foreach (var stage in _stages)
        {
            stage.Dispose();
        }

        _hidden.Buffer.Dispose();
        _backend.Dispose();
    }

    private void Fill((SequenceState Sequence, int[] Tokens)[] parts, bool logits)
    {
        _batch.Clear();
        foreach (var (sequence, tokens) in parts)
        {
            Assert.True(sequence.TryReserve(tokens.Length, _batch), "the test's pool is too small");
            var first = sequence.AddSegment(_batch, tokens);
            for (var i = 0; logits && i < tokens.Length; i++)
            {
                _batch.AddLogitRow(first + i);
            }
        }
    }

    private void Run()
    {
        foreach (var stage in _stages)
        {
            stage.Step(_batch, _hidden.Top(_batch.RowCount));
        }
    }

    private float[][] ReadLogits()
    {
        var rows = new float[_batch.LogitRowCount][];
        foreach (var block in _stages[^1].Logits(_batch, _hidden.Top(_batch.RowCount)))
        {
            var logits = _backend.ReadLogits(block.Logits);
            for (var i = 0; i < block.Count; i++)
            {
                rows[block.First + i] = logits.Slice(i * _config.VocabularySize, _config.VocabularySize).ToArray();
            }
        }

        return rows;
    }

    private void Scramble()
    {
        if (_setup.ScrambleSeed is { } seed)
        {
            var pages = Enumerable.Range(0, Pool.PageCount).Select(_ => Pool.Rent()).ToArray();
            new Random(seed).Shuffle(pages);
            Array.ForEach(pages, Pool.Release);
        }
    }
}
