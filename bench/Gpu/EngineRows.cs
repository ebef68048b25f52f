using System.Diagnostics;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>Whole engines on one, two and more devices: tokens a second of a busy batch, 64 sequences for each stage, from scheduler to sampled ids.</summary>
internal static class EngineRows
{
    private const int SequencesPerStage = 64;
    private const int PromptTokens = 512;
    private const int NewTokens = 96;
    private static readonly int[] DeviceCounts = [1, 2, 4];

    public static async Task MeasureAsync(GpuSession session)
    {
        if (session.Options.Engine is not { } folder || session.Options.Tokenizer is not { } tokenizer)
        {
            return;
        }

        double single = 0;
        foreach (var count in DeviceCounts.Where(count => count <= session.Options.Devices.Count))
        {
            var rate = await ThroughputAsync(folder, tokenizer, [.. session.Options.Devices.Take(count)]).ConfigureAwait(false);
            single = count == 1 ? rate : single;
            session.Add(new BenchRow(
                $"engine/{count}-devices", rate, "tok/s", single * count, rate / (single * count),
                $"{SequencesPerStage * count} sequences, prompts of {PromptTokens}, {NewTokens} tokens each; {rate / single:F2}x one device; bubble share {1 - rate / (single * count):P1}"));
        }
    }

    /// <summary>Generated tokens a second from the time when every sequence has its first one until the first sequence is done.</summary>
    private static async Task<double> ThroughputAsync(string folder, string tokenizer, int[] devices)
    {
        var count = SequencesPerStage * devices.Length;
        var options = new EngineOptions { Backend = "cuda", Devices = devices, MaxRunningTurns = count, OutputBuffer = 1024 };
        await using var engine = InferenceEngine.Load(Checkpoint.Open(folder), ModelTokenizers.Open(tokenizer), options, TimeProvider.System);
        var meter = new Meter(count);
        var sequences = Enumerable.Range(0, count).Select(_ => engine.CreateSequence([])).ToArray();
        await Task.WhenAll(sequences.Select((sequence, i) => ReadAsync(sequence.Submit(Request(i)), meter))).ConfigureAwait(false);
        return meter.Rate;
    }

    private static TurnRequest Request(int index)
    {
        var random = new Random(index);
        return new TurnRequest
        {
            Tokens = Enumerable.Range(0, PromptTokens).Select(_ => random.Next(3, 4000)).ToArray(),
            Sampling = SamplingParameters.Greedy,
            Stop = new StopConditions { MaxNewTokens = NewTokens, IgnoreEos = true },
        };
    }

    private static async Task ReadAsync(IEngineTurn turn, Meter meter)
    {
        var tokens = 0;
        await foreach (var output in turn.Output.ReadAllAsync().ConfigureAwait(false))
        {
            if (output.Kind == TurnOutputKind.Token)
            {
                meter.Count(++tokens);
            }
        }
    }

    private sealed class Meter(int sequences)
    {
        private int _started;
        private long _from;
        private long _to;
        private long _tokens;

        public double Rate => _tokens / Stopwatch.GetElapsedTime(_from, _to).TotalSeconds;

        public void Count(int ofSequence)
        {
            if (ofSequence == 2 && Interlocked.Increment(ref _started) == sequences)
            {
                Volatile.Write(ref _from, Stopwatch.GetTimestamp());
            }
            else if (Volatile.Read(ref _from) != 0 && Volatile.Read(ref _to) == 0)
            {
                Interlocked.Increment(ref _tokens);
                if (ofSequence == NewTokens)
                {
                    Interlocked.CompareExchange(ref _to, Stopwatch.GetTimestamp(), 0);
                }
            }
        }
    }
}
