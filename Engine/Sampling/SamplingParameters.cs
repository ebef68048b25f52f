using System.Collections.Frozen;
using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Sampling;

/// <summary>
/// How the next token is chosen. The defaults are greedy. Order of application, as in vLLM and transformers: logit bias, penalties, temperature, top-k, top-p,
/// min-p, draw. Log-probabilities that are reported come from the logits before any of this.
/// </summary>
public sealed record SamplingParameters
{
    /// <summary>Highest count of <see cref="LogProbs"/>.</summary>
    public const int MaxLogProbs = 20;

    private const float MaxTemperature = float.MaxValue;

    public static SamplingParameters Greedy { get; } = new();

    /// <summary>[0, ∞); 0 is greedy: the highest logit, ties to the lowest id.</summary>
    public float Temperature { get; init; }

    /// <summary>Keep the k most probable; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>(0, 1]: keep the smallest set of most probable tokens whose probability reaches it.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>[0, 1]: drop tokens less probable than this times the most probable.</summary>
    public float MinP { get; init; }

    /// <summary>(0, ∞); 1 is off. Logits of tokens in the sequence so far, prompt included, are divided by it when positive, multiplied when negative.</summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>[-2, 2]; subtracted once from tokens generated in this turn.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>[-2, 2]; subtracted for every time a token was generated in this turn.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of these ids; each value in [-100, 100].</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>With the absolute position of the token it determines the random number: uniform(seed, position).</summary>
    public ulong Seed { get; init; }

    /// <summary>[0, 20]: how many of the most probable tokens to report with each sampled one; null reports none, 0 only the sampled token's own.</summary>
    public int? LogProbs { get; init; }

    /// <exception cref="EngineException">InvalidArgument: names the field, the value and the interval.</exception>
    public void Validate(int vocabularySize)
    {
        In(nameof(Temperature), Temperature, 0, MaxTemperature, "[0, ∞), finite");
        In(nameof(TopK), TopK, 0, int.MaxValue, "0 (all) or more");
        In(nameof(TopP), TopP, float.Epsilon, 1, "(0, 1]");
        In(nameof(MinP), MinP, 0, 1, "[0, 1]");
        In(nameof(RepetitionPenalty), RepetitionPenalty, float.Epsilon, float.MaxValue, "(0, ∞), finite");
        In(nameof(PresencePenalty), PresencePenalty, -2, 2, "[-2, 2]");
        In(nameof(FrequencyPenalty), FrequencyPenalty, -2, 2, "[-2, 2]");
        In(nameof(LogProbs), LogProbs ?? 0, 0, MaxLogProbs, $"[0, {MaxLogProbs}]");
        foreach (var (id, bias) in LogitBias ?? FrozenDictionary<int, float>.Empty)
        {
            In(nameof(LogitBias), id, 0, vocabularySize - 1, $"ids in [0, {vocabularySize})");
            In($"{nameof(LogitBias)}[{id}]", bias, -100, 100, "[-100, 100]");
        }
    }

    private static void In(string field, double value, double low, double high, string interval)
    {
        // Written so that NaN is refused.
        if (!(value >= low && value <= high))
        {
            throw new EngineException(EngineError.InvalidArgument, $"{field} is {value}; expected {interval}") { Field = field };
        }
    }
}
