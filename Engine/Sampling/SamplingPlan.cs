using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Sampling;

/// <summary>Checked sampling parameters of one turn in the form that the sampler reads.</summary>
public sealed class SamplingPlan
{
    private SamplingPlan(SamplingParameters parameters, int vocabularySize)
    {
        Parameters = parameters;
        VocabularySize = vocabularySize;
        var bias = parameters.LogitBias?.OrderBy(entry => entry.Key).ToArray() ?? [];
        BiasIds = [.. bias.Select(entry => entry.Key)];
        BiasValues = [.. bias.Select(entry => entry.Value)];
        IsGreedy = parameters.Temperature == 0;
        NeedsCounts = parameters.RepetitionPenalty != 1 || parameters.PresencePenalty != 0 || parameters.FrequencyPenalty != 0;
    }

    public SamplingParameters Parameters { get; }

    public int VocabularySize { get; }

    public bool IsGreedy { get; }

    /// <summary>A penalty is on, so the sampler needs <see cref="TokenCounts"/>.</summary>
    public bool NeedsCounts { get; }

    internal int[] BiasIds { get; }

    internal float[] BiasValues { get; }

    /// <summary>The raw logits are the ones that the choice is made from.</summary>
    internal bool UsesRawLogits => !NeedsCounts && BiasIds.Length == 0;

    /// <exception cref="EngineException">InvalidArgument: see <see cref="SamplingParameters.Validate"/>.</exception>
    public static SamplingPlan Create(SamplingParameters parameters, int vocabularySize)
    {
        parameters.Validate(vocabularySize);
        return new SamplingPlan(parameters, vocabularySize);
    }

    /// <summary>Counts for a turn, or null when no penalty is on.</summary>
    /// <param name="prompt">Tokens of the sequence before this turn's generation.</param>
    /// <param name="generated">Tokens that this turn generated already, when it goes on after a failure.</param>
    public TokenCounts? NewCounts(ReadOnlySpan<int> prompt, ReadOnlySpan<int> generated = default)
    {
        if (!NeedsCounts)
        {
            return null;
        }

        var counts = new TokenCounts(VocabularySize);
        counts.AddPrompt(prompt);
        foreach (var id in generated)
        {
            counts.AddGenerated(id);
        }

        return counts;
    }
}
