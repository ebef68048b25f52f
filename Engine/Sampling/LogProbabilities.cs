using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Sampling;

/// <summary>Log-probabilities from raw logits: logit - log Σ exp(logits), the sum in double after the highest logit is taken out. Not thread-safe: it keeps a row of scratch.</summary>
public sealed class LogProbabilities(int vocabularySize)
{
    private readonly float[] _weights = new float[vocabularySize];

    /// <param name="logits">[V].</param>
    /// <param name="id">The token to report.</param>
    /// <param name="top">How many of the most probable to report with it, best first, ties by id; 0 for none.</param>
    /// <param name="position">Absolute position in the sequence, for the error's message.</param>
    /// <exception cref="EngineException">Internal: a logit is not finite.</exception>
    public SampledToken Of(ReadOnlySpan<float> logits, int id, int top, long position)
    {
        var max = Sampler.CheckedMax(logits, position);
        LogitScan.Weigh(logits, max, 1, _weights);
        var logSum = Math.Log(LogitScan.Sum(_weights.AsSpan(0, logits.Length)));
        return new SampledToken(LogProb(logits, id, max, logSum), top == 0 ? null : Top(logits, Math.Min(top, logits.Length), max, logSum));
    }

    /// <summary>The highest logit is taken off first: added to the logarithm it could swallow it.</summary>
    private static TokenLogProb LogProb(ReadOnlySpan<float> logits, int id, double max, double logSum) => new(id, (float)(logits[id] - max - logSum));

    private static TokenLogProb[] Top(ReadOnlySpan<float> logits, int count, double max, double logSum)
    {
        var top = new TokenLogProb[count];
        var filled = 0;
        for (var id = 0; id < logits.Length; id++)
        {
            if (filled == count && logits[id] <= logits[top[^1].TokenId])
            {
                continue;
            }

            filled = Math.Min(filled + 1, count);
            var place = filled - 1;
            for (; place > 0 && logits[id] > logits[top[place - 1].TokenId]; place--)
            {
                top[place] = top[place - 1];
            }

            top[place] = LogProb(logits, id, max, logSum);
        }

        return top;
    }
}
