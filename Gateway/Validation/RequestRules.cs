using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Hosting;

namespace OrleansLM.Gateway.Validation;

/// <summary>The limits of requests that can be checked without looking at a session; intervals as documented in the .proto files.</summary>
public static class RequestRules
{
    public static RequestCheck Sampling(this RequestCheck check, SamplingParameters? sampling, string field = "sampling")
    {
        if (sampling is null)
        {
            return check;
        }

        Optional(sampling.HasTemperature, () => check.In(sampling.Temperature, 0, 100, $"{field}.temperature"));
        Optional(sampling.HasTopK, () => check.In(sampling.TopK, 0, int.MaxValue, $"{field}.top_k"));
        Optional(sampling.HasTopP, () => check.Above(sampling.TopP, 0, 1, $"{field}.top_p"));
        Optional(sampling.HasMinP, () => check.In(sampling.MinP, 0, 1, $"{field}.min_p"));
        Optional(sampling.HasRepetitionPenalty, () => check.Above(sampling.RepetitionPenalty, 0, 100, $"{field}.repetition_penalty"));
        Optional(sampling.HasPresencePenalty, () => check.In(sampling.PresencePenalty, -2, 2, $"{field}.presence_penalty"));
        Optional(sampling.HasFrequencyPenalty, () => check.In(sampling.FrequencyPenalty, -2, 2, $"{field}.frequency_penalty"));
        Optional(sampling.HasLogProbs, () => check.In(sampling.LogProbs, 0, 20, $"{field}.log_probs"));
        check.Require(sampling.LogitBias.Count <= 1024, $"{field}.logit_bias", $"has {sampling.LogitBias.Count} entries; expected at most 1024");
        foreach (var (id, bias) in sampling.LogitBias)
        {
            check.Require(id >= 0, $"{field}.logit_bias", $"names id {id}; expected an id of the vocabulary");
            check.In(bias, -100, 100, $"{field}.logit_bias[{id}]");
        }

        return check;
    }

    public static RequestCheck Stop(this RequestCheck check, StopConditions? stop, string field = "stop")
    {
        if (stop is null)
        {
            return check;
        }

        Optional(stop.HasMaxTokens, () => check.In(stop.MaxTokens, 1, int.MaxValue, $"{field}.max_tokens"));
        check.Require(stop.Stop.Count <= 16, $"{field}.stop", $"has {stop.Stop.Count} texts; expected at most 16");
        for (var i = 0; i < stop.Stop.Count; i++)
        {
            check.Require(stop.Stop[i].Length is >= 1 and <= 256, $"{field}.stop[{i}]", $"has {stop.Stop[i].Length} characters; expected 1 to 256");
        }

        check.Require(stop.StopTokenIds.Count <= 64, $"{field}.stop_token_ids", $"has {stop.StopTokenIds.Count} ids; expected at most 64");
        check.Require(stop.StopTokenIds.All(id => id >= 0), $"{field}.stop_token_ids", "has a negative id; expected ids of the vocabulary");
        return check;
    }

    /// <summary>An input that is there: exactly one kind, not over the limit.</summary>
    public static RequestCheck Input(this RequestCheck check, Input? input, bool required, GatewayOptions options)
    {
        switch (input?.ContentCase ?? Contracts.V1.Input.ContentOneofCase.None)
        {
            case Contracts.V1.Input.ContentOneofCase.None:
                return check.Require(!required, "input", "is not set; expected text, tokens or chat");
            case Contracts.V1.Input.ContentOneofCase.Text:
                // A token is rarely longer than 8 characters on average, so a text beyond that cannot fit; the silo counts exactly.
                return check.Require(input!.Text.Length <= (long)options.MaxPromptTokens * 8, "input.text", $"has {input.Text.Length} characters; the limit is {options.MaxPromptTokens} tokens");
            case Contracts.V1.Input.ContentOneofCase.Tokens:
                check.Require(input!.Tokens.Ids.Count <= options.MaxPromptTokens, "input.tokens", $"has {input.Tokens.Ids.Count} ids; the limit is {options.MaxPromptTokens}");
                return check.Require(input.Tokens.Ids.All(id => id >= 0), "input.tokens", "has a negative id; expected ids of the vocabulary");
            default:
                return check.Chat(input!.Chat, options);
        }
    }

    /// <summary>At least a second, and a duration at all: seconds within ±10,000 years, nanoseconds below one second and of the same sign.</summary>
    public static RequestCheck TimeToLive(this RequestCheck check, Duration? ttl, string field = "ttl")
    {
        var isTaken = ttl is null || (ttl.Seconds is >= 1 and <= Duration.MaxSeconds && ttl.Nanos is >= 0 and < Duration.NanosecondsPerSecond);
        return check.Require(isTaken, field, $"is {ttl?.Seconds} s and {ttl?.Nanos} ns; expected a duration of at least 1 s");
    }

    public static RequestCheck Metadata(this RequestCheck check, MapField<string, string> metadata)
    {
        check.Require(metadata.Count <= 32, "metadata", $"has {metadata.Count} entries; expected at most 32");
        foreach (var (key, value) in metadata)
        {
            check.Require(key.Length is >= 1 and <= 64, "metadata", $"has a key of {key.Length} characters; expected 1 to 64");
            check.MaxLength(value, 512, $"metadata[{key}]");
        }

        return check;
    }

    private static RequestCheck Chat(this RequestCheck check, ChatMessages chat, GatewayOptions options)
    {
        check.Require(chat.Messages.Count > 0, "input.chat.messages", "is empty; expected at least one message");
        for (var i = 0; i < chat.Messages.Count; i++)
        {
            check.Require(chat.Messages[i].Role is "system" or "user" or "assistant", $"input.chat.messages[{i}].role", $"is '{chat.Messages[i].Role}'; expected system, user or assistant");
        }

        var characters = chat.Messages.Sum(message => (long)message.Content.Length);
        return check.Require(characters <= (long)options.MaxPromptTokens * 8, "input.chat", $"has {characters} characters; the limit is {options.MaxPromptTokens} tokens");
    }

    private static void Optional(bool isSet, Action check)
    {
        if (isSet)
        {
            check();
        }
    }
}
