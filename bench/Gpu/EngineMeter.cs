using System.Diagnostics;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Gpu;

/// <summary>Counts an engine's tokens from when every sequence has its second one until the first sequence is done.</summary>
internal sealed class EngineMeter
{
    private readonly EngineLoad _load;
    private int _started;
    private long _from;
    private long _to;
    private long _tokens;

    private EngineMeter(EngineLoad load) => _load = load;

    /// <summary>Tokens a second while all sequences generate.</summary>
    public static async Task<double> RateAsync(IInferenceEngine engine, EngineLoad load)
    {
        var meter = new EngineMeter(load);
        var sequences = Enumerable.Range(0, load.Sequences).Select(_ => engine.CreateSequence([])).ToArray();
        await Task.WhenAll(sequences.Select((sequence, i) => meter.ReadAsync(sequence.Submit(load.Request(i))))).ConfigureAwait(false);
        foreach (var sequence in sequences)
        {
            await sequence.DisposeAsync().ConfigureAwait(false);
        }

        return meter._tokens / Stopwatch.GetElapsedTime(meter._from, meter._to).TotalSeconds;
    }

    private async Task ReadAsync(IEngineTurn turn)
    {
        var tokens = 0;
        await foreach (var output in turn.Output.ReadAllAsync().ConfigureAwait(false))
        {
            if (output.Kind == TurnOutputKind.Token)
            {
                Count(++tokens);
            }
        }
    }

    private void Count(int ofSequence)
    {
        if (ofSequence == 2 && Interlocked.Increment(ref _started) == _load.Sequences)
        {
            Volatile.Write(ref _from, Stopwatch.GetTimestamp());
        }
        else if (Volatile.Read(ref _from) != 0 && Volatile.Read(ref _to) == 0)
        {
            Interlocked.Increment(ref _tokens);
            if (ofSequence == _load.NewTokens)
            {
                Interlocked.CompareExchange(ref _to, Stopwatch.GetTimestamp(), 0);
            }
        }
    }
}
