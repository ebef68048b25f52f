using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Sampling;

/// <summary>
/// Chooses the next token from a row of logits. A pure function of logits, plan, counts and position: what else is in the batch, and on which
/// machine it runs, makes no difference to a bit. Keeps scratch rows, so one thread uses it at a time; nothing is allocated per token unless
/// log-probabilities are asked for.
/// </summary>
public sealed class Sampler
{
    private const int BlockLength = 1024;

    private readonly float[] _values;
    private readonly float[] _weights;
    private readonly double[] _blockSums;
    private readonly CutoffSearch _cutoffs;
    private readonly LogProbabilities _logProbabilities;

    public Sampler(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        _values = new float[vocabularySize];
        _weights = new float[vocabularySize];
        _blockSums = new double[(vocabularySize + BlockLength - 1) / BlockLength];
        _cutoffs = new CutoffSearch(vocabularySize);
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

        throw NotFinite(id, position, logits[id]);
    }

    internal static EngineException NotFinite(int id, long position, float logit) =>
        new(EngineError.Internal, $"the logit of token {id} for position {position} is {logit}; expected a finite number");

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
        Truncate(parameters);
        return Pick(CounterRandom.Uniform(parameters.Seed, position));
    }

    /// <summary>Top-k, top-p, min-p: the weights of what they drop become 0.</summary>
    private void Truncate(SamplingParameters parameters)
    {
        if (parameters.TopK > 0 && parameters.TopK < _weights.Length)
        {
            CutoffSearch.Apply(_cutoffs.OfRank(_weights, parameters.TopK), _weights);
        }

        if (parameters.TopP < 1)
        {
            CutoffSearch.Apply(_cutoffs.OfShare(_weights, parameters.TopP), _weights);
        }

        if (parameters.MinP > 0)
        {
            // The most probable token weighs 1.
            CutoffSearch.Apply(new Cutoff(parameters.MinP, int.MaxValue), _weights);
        }
    }

    /// <summary>The token in whose part of the whole the random number falls; parts are in order of id. Whole blocks are skipped by their sums.</summary>
    private int Pick(double uniform)
    {
        var total = 0.0;
        for (var block = 0; block < _blockSums.Length; block++)
        {
            _blockSums[block] = LogitScan.Sum(Block(block));
            total += _blockSums[block];
        }

        var target = uniform * total;
        var (found, before) = (0, 0.0);
        for (var (block, sum) = (0, 0.0); block < _blockSums.Length && sum <= target; sum += _blockSums[block++])
        {
            (found, before) = _blockSums[block] > 0 ? (block, sum) : (found, before);
        }

        return PickIn(found, target - before);
    }

    private int PickIn(int block, double target)
    {
        var sum = 0.0;
        var last = 0;
        var weights = Block(block);
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                sum += weights[i];
                if (sum > target)
                {
                    break;
                }
            }
        }

        return (block * BlockLength) + last;
    }

    private ReadOnlySpan<float> Block(int block) => _weights.AsSpan(block * BlockLength, Math.Min(BlockLength, _weights.Length - (block * BlockLength)));
}
