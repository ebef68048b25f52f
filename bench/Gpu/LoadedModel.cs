using System.Diagnostics;
using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Choices;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Gpu;

/// <summary>A model in one stage on one device, stepped without a scheduler.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly StepBatch _batch = new();
    private readonly Matrix _hidden;
    private readonly int[] _pages;
    private readonly GreedyChoice _choice;
    private readonly DataType _stateType;

    public LoadedModel(CudaBackend backend, ModelConfig config, IWeights weights, int units, int maxRows, DataType stateType = DataType.BFloat16, int? chunkTokens = null)
    {
        Backend = backend;
        Config = config;
        _stateType = stateType;
        var options = new StageOptions { StateUnits = units, StateType = stateType, MaxRows = maxRows, StateChunkTokens = chunkTokens, ValidateWeights = false };
        backend.Synchronize();
        var (bytes, seconds) = (backend.UploadedBytes, backend.UploadSeconds);
        var started = Stopwatch.GetTimestamp();
        Stage = StageModel.Load(config, weights, new LayerRange(0, config.LayerCount), backend, options);
        backend.Synchronize();
        LoadSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        (UploadedBytes, UploadSeconds) = (backend.UploadedBytes - bytes, backend.UploadSeconds - seconds);
        _hidden = Stage.AllocateHidden(maxRows);
        _choice = new GreedyChoice(backend, config.VocabularySize, maxRows, Stage.MaxLogitRows);
        _pages = [.. Enumerable.Range(0, units)];
    }

    public CudaBackend Backend { get; }

    public ModelConfig Config { get; }

    public StageModel Stage { get; }

    /// <summary>Until the model can be stepped: weights, and memory for pages or states and for activations.</summary>
    public double LoadSeconds { get; }

    /// <summary>Bytes of weights a second, the allocation of their memory included.</summary>
    public double UploadRate => UploadedBytes / UploadSeconds;

    public string UploadNote => $"{UploadedBytes / 1e9:F1} GB in {UploadSeconds:F2} s, with the allocation of their memory; the model was there after {LoadSeconds:F2} s, with {Stage.State.SizeInBytes / 1e9:F1} GB for pages or states";

    private long UploadedBytes { get; }

    private double UploadSeconds { get; }

    /// <summary>Bytes of keys and values of one token in all layers.</summary>
    public double StateBytesPerToken => Shapes.StateBytesPerToken(Config, _stateType);

    private bool IsRecurrent => Config.Family == ModelFamily.Supra;

    /// <summary>One token of each of <paramref name="sequences"/> sequences at a context of so many tokens.</summary>
    /// <returns>The ids with the largest logits.</returns>
    public ReadOnlySpan<int> Decode(int sequences, int context, int salt)
    {
        QueueDecode(sequences, context, salt);
        return _choice.Read(sequences);
    }

    private void QueueDecode(int sequences, int context, int salt)
    {
        _batch.Clear();
        var pages = (context + 63) / 64;
        Span<int> token = stackalloc int[1];
        for (var s = 0; s < sequences; s++)
        {
            token[0] = (salt * 31 + s * 7) % Config.VocabularySize;
            var table = IsRecurrent ? [] : _pages.AsSpan(s * pages, pages);
            // With recurrent states, each step stands at the next place of a chunk, and the sequences at different ones.
            var position = IsRecurrent ? context - 1 + salt + s : context - 1;
            _batch.AddLogitRow(_batch.AddSegment(token, position, table, 0, IsRecurrent ? s : -1));
        }

        var hidden = _hidden.Top(sequences);
        Stage.Step(_batch, hidden);
        _choice.Begin(sequences);
        foreach (var block in Stage.Logits(_batch, hidden))
        {
            _choice.Choose(block.Logits, block.First);
        }
    }

    /// <summary>Seconds until a prompt of each of the given lengths is computed, in chunks; the last logits are read.</summary>
    public double Prefill(int tokens, int chunk)
    {
        var random = new Random(tokens);
        var ids = Enumerable.Range(0, tokens).Select(_ => random.Next(Config.VocabularySize)).ToArray();
        Backend.Synchronize();
        var started = Stopwatch.GetTimestamp();
        for (var start = 0; start < tokens; start += chunk)
        {
            var count = Math.Min(chunk, tokens - start);
            _batch.Clear();
            var first = _batch.AddSegment(ids.AsSpan(start, count), start, IsRecurrent ? [] : _pages.AsSpan(0, (start + count + 63) / 64), 0, IsRecurrent ? 0 : -1);
            var hidden = _hidden.Top(count);
            Stage.Step(_batch, hidden);
            if (start + count == tokens)
            {
                _batch.AddLogitRow(first + count - 1);
                foreach (var block in Stage.Logits(_batch, hidden))
                {
                    _ = Backend.ReadLogits(block.Logits);
                }
            }
        }

        Backend.Synchronize();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Logits of every token of a prompt.</summary>
    public float[][] Logits(int[] ids)
    {
        _batch.Clear();
        _batch.AddSegment(ids, 0, _pages.AsSpan(0, (ids.Length + 63) / 64), 0, -1);
        for (var i = 0; i < ids.Length; i++)
        {
            _batch.AddLogitRow(i);
        }

        var hidden = _hidden.Top(ids.Length);
        Stage.Step(_batch, hidden);
        var rows = new List<float[]>();
        foreach (var block in Stage.Logits(_batch, hidden))
        {
            var logits = Backend.ReadLogits(block.Logits);
            for (var i = 0; i < block.Count; i++)
            {
                rows.Add(logits.Slice(i * Config.VocabularySize, Config.VocabularySize).ToArray());
            }
        }

        return [.. rows];
    }

    /// <summary>Median seconds of a decode step, from filling the batch to having the ids.</summary>
    public double DecodeSeconds(int sequences, int context, int steps)
    {
        for (var warm = 0; warm < 4; warm++)
        {
            Decode(sequences, context, warm);
        }

        var samples = new double[steps];
        for (var i = 0; i < steps; i++)
        {
            var started = Stopwatch.GetTimestamp();
            Decode(sequences, context, i);
            samples[i] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        Array.Sort(samples);
        return samples[steps / 2];
    }

    /// <summary>Median seconds of a decode step on the device alone: steps that wait there for one another, none for the host.</summary>
    public double DeviceSeconds(int sequences, int context)
    {
        const int Together = 8;
        return Backend.Time(5, () =>
        {
            for (var i = 0; i < Together; i++)
            {
                QueueDecode(sequences, context, i);
            }
        }) / Together;
    }

    public void Dispose()
    {
        _choice.Dispose();
        _hidden.Buffer.Dispose();
        Stage.Dispose();
    }
}
