using OrleansLM.Contracts.Messages;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Mapping;

/// <summary>Sampling, stop rules and inputs between the wire and the grains. Requests are already checked.</summary>
public static class SettingsMapping
{
    public static SamplingSettings ToSettings(this SamplingParameters? wire) => wire is null
        ? new SamplingSettings()
        : new SamplingSettings
        {
            Temperature = wire.HasTemperature ? wire.Temperature : null,
            TopK = wire.HasTopK ? wire.TopK : null,
            TopP = wire.HasTopP ? wire.TopP : null,
            MinP = wire.HasMinP ? wire.MinP : null,
            RepetitionPenalty = wire.HasRepetitionPenalty ? wire.RepetitionPenalty : null,
            PresencePenalty = wire.HasPresencePenalty ? wire.PresencePenalty : null,
            FrequencyPenalty = wire.HasFrequencyPenalty ? wire.FrequencyPenalty : null,
            LogitBias = wire.LogitBias.Count > 0 ? new Dictionary<int, float>(wire.LogitBias) : null,
            Seed = wire.HasSeed ? wire.Seed : null,
            LogProbs = wire.HasLogProbs ? wire.LogProbs : null,
        };

    public static SamplingParameters ToWire(this SamplingSettings settings)
    {
        var wire = new SamplingParameters();
        if (settings.Temperature is { } temperature) { wire.Temperature = temperature; }
        if (settings.TopK is { } topK) { wire.TopK = topK; }
        if (settings.TopP is { } topP) { wire.TopP = topP; }
        if (settings.MinP is { } minP) { wire.MinP = minP; }
        if (settings.RepetitionPenalty is { } repetition) { wire.RepetitionPenalty = repetition; }
        if (settings.PresencePenalty is { } presence) { wire.PresencePenalty = presence; }
        if (settings.FrequencyPenalty is { } frequency) { wire.FrequencyPenalty = frequency; }
        if (settings.Seed is { } seed) { wire.Seed = seed; }
        if (settings.LogProbs is { } logProbs) { wire.LogProbs = logProbs; }
        foreach (var (id, bias) in settings.LogitBias ?? new Dictionary<int, float>())
        {
            wire.LogitBias[id] = bias;
        }

        return wire;
    }

    public static StopSettings ToSettings(this StopConditions? wire) => wire is null
        ? new StopSettings()
        : new StopSettings
        {
            MaxTokens = wire.HasMaxTokens ? wire.MaxTokens : null,
            Stop = wire.Stop.Count > 0 ? wire.Stop.ToArray() : null,
            StopTokenIds = wire.StopTokenIds.Count > 0 ? wire.StopTokenIds.ToArray() : null,
            IgnoreEos = wire.HasIgnoreEos ? wire.IgnoreEos : null,
        };

    public static StopConditions ToWire(this StopSettings settings)
    {
        var wire = new StopConditions();
        if (settings.MaxTokens is { } maxTokens) { wire.MaxTokens = maxTokens; }
        if (settings.IgnoreEos is { } ignoreEos) { wire.IgnoreEos = ignoreEos; }
        wire.Stop.AddRange(settings.Stop ?? []);
        wire.StopTokenIds.AddRange(settings.StopTokenIds ?? []);
        return wire;
    }

    public static ModelInput ToModelInput(this Input? wire) => wire?.ContentCase switch
    {
        Input.ContentOneofCase.Text => new ModelInput { Text = wire.Text },
        Input.ContentOneofCase.Tokens => new ModelInput { TokenIds = wire.Tokens.Ids.ToArray() },
        Input.ContentOneofCase.Chat => new ModelInput
        {
            Messages = wire.Chat.Messages.Select(message => new TextMessage { Role = message.Role, Content = message.Content }).ToArray(),
            ChatTemplate = wire.Chat.Template.Length > 0 ? wire.Chat.Template : null,
        },
        _ => new ModelInput(),
    };
}
