using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Tests.Sampling;

/// <summary>The documented order of steps, with sorts and dictionaries in double: which tokens may come, and how probable each is.</summary>
internal static class NaiveSampler
{
    public static Dictionary<int, double> Distribution(float[] logits, SamplingParameters p, int[] prompt, int[] generated)
    {
        var values = Adjusted(logits, p, prompt, generated);
        if (p.Temperature == 0)
        {
            return new() { [Array.IndexOf(values, values.Max())] = 1 };
        }

        var kept = Enumerable.Range(0, values.Length).OrderByDescending(id => values[id]).ThenBy(id => id).ToList();
        kept = p.TopK == 0 ? kept : [.. kept.Take(p.TopK)];
        var probabilities = Softmax(kept, values, p.Temperature);
        if (p.TopP < 1)
        {
            var sum = 0.0;
            kept = [.. kept.TakeWhile(id => (sum += probabilities[id]) - probabilities[id] < p.TopP)];
            probabilities = Softmax(kept, values, p.Temperature);
        }

        kept = [.. kept.Where(id => probabilities[id] >= p.MinP * probabilities[kept[0]])];
        return Softmax(kept, values, p.Temperature);
    }

    public static double[] Adjusted(float[] logits, SamplingParameters p, int[] prompt, int[] generated)
    {
        var values = logits.Select(value => (double)value).ToArray();
        foreach (var (id, bias) in p.LogitBias ?? new Dictionary<int, float>())
        {
            values[id] += bias;
        }

        foreach (var id in prompt.Concat(generated).Distinct())
        {
            values[id] = values[id] > 0 ? values[id] / p.RepetitionPenalty : values[id] * p.RepetitionPenalty;
        }

        foreach (var group in generated.GroupBy(id => id))
        {
            values[group.Key] -= p.PresencePenalty + (p.FrequencyPenalty * group.Count());
        }

        return values;
    }

    private static Dictionary<int, double> Softmax(List<int> kept, double[] values, double temperature)
    {
        var max = kept.Max(id => values[id]);
        var sum = kept.Sum(id => Math.Exp((values[id] - max) / temperature));
        return kept.ToDictionary(id => id, id => Math.Exp((values[id] - max) / temperature) / sum);
    }
}
