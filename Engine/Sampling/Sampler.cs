using System.Runtime.Intrinsics;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Sampling;

/// <summary>
/// Chooses the next token from a row of logits. A pure function of logits, plan, counts and position: what else is in the batch, and on which
/// machine it runs, makes no difference to a bit. Keeps scratch rows, so one thread uses it at a time; nothing is allocated per token unless
/// log-probabilities are asked for.
/// </summary>
public sealed class Sampler
{
    private readonly float[] _values;
    private readonly float[] _weights;
    private readonly int[] _candidates;
    private readonly Nucleus _nucleus;
    private readonly LogProbabilities _logProbabilities;

    public Sampler(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        _values = new float[vocabularySize];
        _weights = new float[vocabularySize];
        _candidates = new int[vocabularySize];
        _nucleus = new Nucleus(vocabularySize);
        _logProbabilities = new LogProbabilities(vocabularySize);
    }

    /// <param name="logits">[V], not changed.</param>
    /// <param name="plan">The turn's.</param>
    /// <param name="counts">The turn's, without the token to come; may be null when the plan needs none.</param>
    /// <param name="position">Absolute position in the sequence of the token to come.</param>
    /// <exception cref="EngineException">Internal: a logit is not finite.</exception>
    public SampledToken Sample(ReadOnlySpan<float> logits, SamplingPlan plan, TokenCounts? counts, long position)
    {
        if (logits.Length != _values.Length || plan.VocabularySize != _values.Length)
        {
            throw new ArgumentException($"{logits.Length} logits and a plan for {plan.VocabularySize}; expected {_values.Length}", nameof(logits));
        }

        var max = CheckedMax(logits, position);
        var values = logits;
        if (!plan.UsesRawLogits)
        {
            values = Adjust(logits, plan, counts);
            max = CheckedMax(values, position);
        }

        var id = plan.IsGreedy ? LogitScan.FirstIndexOf(values, max) : Draw(values, max, plan.Parameters, position);
        return plan.Parameters.LogProbs is { } top
            ? _logProbabilities.Of(logits, id, top, position)
            : new SampledToken(new TokenLogProb(id, float.NaN), null);
    }

    /// <summary>Log-probabilities of a token that is given rather than chosen, such as one of a prompt.</summary>
    /// <param name="logits">[V] at the position before.</param>
    /// <param name="id">The token.</param>
    /// <param name="top">How many alternatives to report; 0 for none.</param>
    /// <param name="position">Absolute position of the token.</param>
    /// <exception cref="EngineException">Internal: a logit is not finite.</exception>
    public SampledToken Score(ReadOnlySpan<float> logits, int id, int top, long position) =>
        _logProbabilities.Of(logits, id, top, position);

    internal static float CheckedMax(ReadOnlySpan<float> logits, long position)
    {
        var max = LogitScan.FiniteMax(logits);
        if (float.IsFinite(max))
        {
            return max;
        }

        var id = 0;
        while (float.IsFinite(logits[id]))
        {
            id++;
        }

        throw new EngineException(EngineError.Internal, $"the logit of token {id} for position {position} is {logits[id]}; expected a finite number");
    }

    private ReadOnlySpan<float> Adjust(ReadOnlySpan<float> logits, SamplingPlan plan, TokenCounts? counts)
    {
        logits.CopyTo(_values);
        for (var i = 0; i < plan.BiasIds.Length; i++)
        {
            _values[plan.BiasIds[i]] += plan.BiasValues[i];
        }

        if (plan.NeedsCounts)
        {
            Penalize(plan.Parameters, counts ?? throw new ArgumentNullException(nameof(counts), "the plan has penalties"));
        }

        return _values;
    }

    private void Penalize(SamplingParameters parameters, TokenCounts counts)
    {
        foreach (var id in counts.Ids)
        {
            var value = _values[id];
            value = value > 0 ? value / parameters.RepetitionPenalty : value * parameters.RepetitionPenalty;
            var generated = counts.Generated(id);
            if (generated > 0)
            {
                value -= parameters.PresencePenalty + (parameters.FrequencyPenalty * generated);
            }

            _values[id] = value;
        }
    }

    private int Draw(ReadOnlySpan<float> values, float max, SamplingParameters parameters, long position)
    {
        LogitScan.Weigh(values, max, parameters.Temperature, _weights);
        var candidates = Candidates(parameters);
        var target = CounterRandom.Uniform(parameters.Seed, position) * SumOf(candidates);
        var sum = 0.0;
        var last = candidates[0];
        foreach (var id in candidates)
        {
            sum += _weights[id];
            if (sum > target)
            {
                return id;
            }

            last = _weights[id] > 0 ? id : last;
        }

        return last;
    }

    /// <summary>Ids that are left after top-k, top-p and min-p, ascending.</summary>
    private Span<int> Candidates(SamplingParameters parameters)
    {
        var candidates = parameters.TopK == 0 || parameters.TopK >= _weights.Length
            ? TopP(parameters.TopP)
            : TopKThenP(parameters.TopK, parameters.TopP);
        return parameters.MinP > 0 ? AtLeast(candidates, parameters.MinP) : candidates;
    }

    /// <summary>
    /// Tokens that weigh at most half of (1 - p) · total / V are not looked at: all of them together weigh less than what top-p leaves out, so
    /// they are left out. This saves most of the search.
    /// </summary>
    private Span<int> TopP(float topP)
    {
        if (topP >= 1)
        {
            return _candidates.AsSpan(0, Gather(floor: 0));
        }

        var total = LogitScan.Sum(_weights);
        var candidates = _candidates.AsSpan(0, Gather((float)((1 - topP) * total / (2.0 * _weights.Length))));
        return candidates[.._nucleus.Keep(candidates, _weights, int.MaxValue, topP * total)];
    }

    private Span<int> TopKThenP(int topK, float topP)
    {
        var candidates = _candidates.AsSpan(0, Gather(floor: 0));
        candidates = candidates[.._nucleus.Keep(candidates, _weights, topK, double.PositiveInfinity)];
        return topP >= 1 ? candidates : candidates[.._nucleus.Keep(candidates, _weights, int.MaxValue, topP * SumOf(candidates))];
    }

    /// <summary>Ids that weigh more than <paramref name="floor"/>.</summary>
    private int Gather(float floor)
    {
        const int Lanes = 16;
        var vfloor = Vector512.Create(floor);
        var count = 0;
        for (var start = 0; start < _weights.Length; start += Lanes)
        {
            var end = Math.Min(start + Lanes, _weights.Length);
            if (end - start == Lanes && !Vector512.GreaterThanAny(Vector512.Create(_weights.AsSpan(start, Lanes)), vfloor))
            {
                continue;
            }

            for (var id = start; id < end; id++)
            {
                _candidates[count] = id;
                count += _weights[id] > floor ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>The most probable token weighs 1.</summary>
    private Span<int> AtLeast(Span<int> candidates, float weight)
    {
        var count = 0;
        foreach (var id in candidates)
        {
            if (_weights[id] >= weight)
            {
                candidates[count++] = id;
            }
        }

        return candidates[..count];
    }

    private double SumOf(ReadOnlySpan<int> candidates)
    {
        var sum = 0.0;
        foreach (var id in candidates)
        {
            sum += _weights[id];
        }

        return sum;
    }
}
