using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Cli.Perplexity;

/// <summary>Measures perplexity as the YaRN repository does (spec §7).</summary>
/// <param name="engine">The model.</param>
/// <param name="text">The text's tokens, without BOS.</param>
/// <param name="bos">What every window begins with; null for nothing.</param>
internal sealed class PerplexityMeter(IInferenceEngine engine, int[] text, int? bos)
{
    /// <summary>Called with the number of tokens that were computed since the last call.</summary>
    public Action<int>? Progress { get; init; }

    /// <summary>Tokens of the text in a window of <paramref name="length"/>.</summary>
    public int TextTokens(int length) => length - (bos is null ? 0 : 1);

    /// <summary>One pass over the longest window: the shorter ones are its beginnings.</summary>
    public async Task<IReadOnlyList<PerplexityResult>> TruncateAsync(IReadOnlyList<int> lengths, CancellationToken cancellation)
    {
        var longest = lengths.Max();
        var losses = await LossesAsync(new ScoringWindow(0, 0, TextTokens(longest)), cancellation).ConfigureAwait(false);
        return [.. lengths.Select(length => new PerplexityResult { Length = length, MeanNll = losses.Take(length - 1).Average() })];
    }

    public async Task<PerplexityResult> SlideAsync(int length, int stride, CancellationToken cancellation)
    {
        var means = new List<double>();
        foreach (var window in ScoringWindow.Slide(text.Length, TextTokens(length), stride))
        {
            means.Add((await LossesAsync(window, cancellation).ConfigureAwait(false)).Average());
        }

        return new PerplexityResult { Length = length, MeanNll = means.Average() };
    }

    /// <summary>-ln p of the window's targets, in order; a first token without BOS before it has none.</summary>
    private async Task<List<double>> LossesAsync(ScoringWindow window, CancellationToken cancellation)
    {
        int[] context = [.. bos is { } id ? [id] : Array.Empty<int>(), .. text.AsSpan(window.Start, window.FirstTarget - window.Start)];
        var sequence = engine.CreateSequence(context);
        await using var owner = sequence.ConfigureAwait(false);
        var turn = sequence.Submit(new TurnRequest
        {
            Tokens = text.AsMemory(window.FirstTarget, window.End - window.FirstTarget),
            Stop = new StopConditions { MaxNewTokens = 0 },
            PromptLogProbs = 0,
        });
        var losses = new List<double>(window.End - window.FirstTarget);
        Progress?.Invoke(context.Length);
        await foreach (var output in turn.Output.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            if (output.Kind == TurnOutputKind.PromptLogProb)
            {
                losses.Add(-(double)output.Token.LogProb);
                Progress?.Invoke(1);
            }
        }

        return losses;
    }
}
