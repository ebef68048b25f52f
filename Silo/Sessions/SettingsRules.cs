using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;

namespace OrleansLM.Silo.Sessions;

/// <summary>The intervals of sampling.proto. Fields are named as there, under the name of the message that holds them.</summary>
internal static class SettingsRules
{
    public const int MaxLogProbs = 20;
    private const int MaxLogitBiases = 1024;
    private const int MaxStopStrings = 16;
    private const int MaxStopStringLength = 256;
    private const int MaxStopTokenIds = 64;

    public static void Check(SamplingSettings settings, string field, int vocabulary)
    {
        InRange($"{field}.temperature", settings.Temperature, 0f, 100f);
        InRange($"{field}.top_k", settings.TopK, 0, vocabulary);
        Positive($"{field}.top_p", settings.TopP, 1f);
        InRange($"{field}.min_p", settings.MinP, 0f, 1f);
        Positive($"{field}.repetition_penalty", settings.RepetitionPenalty, 100f);
        InRange($"{field}.presence_penalty", settings.PresencePenalty, -2f, 2f);
        InRange($"{field}.frequency_penalty", settings.FrequencyPenalty, -2f, 2f);
        InRange($"{field}.log_probs", settings.LogProbs, 0, MaxLogProbs);
        CheckBias(settings.LogitBias, $"{field}.logit_bias", vocabulary);
    }

    public static void Check(StopSettings settings, string field, int vocabulary)
    {
        InRange($"{field}.max_tokens", settings.MaxTokens, 1, int.MaxValue);
        AtMost($"{field}.stop", settings.Stop?.Count, MaxStopStrings);
        for (var i = 0; i < settings.Stop?.Count; i++)
        {
            if (settings.Stop[i].Length is 0 or > MaxStopStringLength)
            {
                throw OrleansLMException.Invalid($"{field}.stop[{i}]", $"has {settings.Stop[i].Length} characters; expected 1 to {MaxStopStringLength}");
            }
        }

        AtMost($"{field}.stop_token_ids", settings.StopTokenIds?.Count, MaxStopTokenIds);
        for (var i = 0; i < settings.StopTokenIds?.Count; i++)
        {
            InVocabulary($"{field}.stop_token_ids[{i}]", settings.StopTokenIds[i], vocabulary);
        }
    }

    public static void InVocabulary(string field, int id, int vocabulary)
    {
        if (id < 0 || id >= vocabulary)
        {
            throw OrleansLMException.Invalid(field, $"is {id}; expected a token id in [0, {vocabulary})");
        }
    }

    private static void CheckBias(IReadOnlyDictionary<int, float>? bias, string field, int vocabulary)
    {
        AtMost(field, bias?.Count, MaxLogitBiases);
        foreach (var (id, value) in bias ?? new Dictionary<int, float>())
        {
            InVocabulary($"{field}[{id}]", id, vocabulary);
            InRange($"{field}[{id}]", value, -100f, 100f);
        }
    }

    private static void InRange(string field, float? value, float low, float high)
    {
        // Written so that NaN is refused too.
        if (value is { } given && !(given >= low && given <= high))
        {
            throw OrleansLMException.Invalid(field, $"is {given}; expected a value in [{low}, {high}]");
        }
    }

    private static void InRange(string field, int? value, int low, int high)
    {
        if (value < low || value > high)
        {
            throw OrleansLMException.Invalid(field, $"is {value}; expected a value in [{low}, {high}]");
        }
    }

    private static void Positive(string field, float? value, float high)
    {
        if (value is { } given && !(given > 0f && given <= high))
        {
            throw OrleansLMException.Invalid(field, $"is {given}; expected a value in (0, {high}]");
        }
    }

    private static void AtMost(string field, int? count, int limit)
    {
        if (count > limit)
        {
            throw OrleansLMException.Invalid(field, $"has {count} entries; expected {limit} at most");
        }
    }
}
