using OrleansLM.Contracts.Messages;
using Wire = OrleansLM.Contracts.V1;

namespace OrleansLM.Gateway.Mapping;

/// <summary>Models and scores from grain messages to the wire.</summary>
public static class ModelMapping
{
    public static Wire.Model ToWire(this ModelInfo info)
    {
        var wire = new Wire.Model
        {
            Name = info.Name,
            Family = info.Family,
            Parameters = info.Parameters,
            WeightBytes = info.WeightBytes,
            ContextTokens = info.ContextTokens,
            TrainedTokens = info.TrainedTokens,
            Layers = info.Layers,
            HiddenSize = info.HiddenSize,
            Heads = info.Heads,
            KeyValueHeads = info.KeyValueHeads,
            HeadDim = info.HeadDim,
            VocabularySize = info.VocabularySize,
            StateBytesPerToken = info.StateBytesPerToken,
            StateBytesPerSession = info.StateBytesPerSession,
            Rope = info.Rope,
            Fingerprint = info.Fingerprint,
            BosTokenId = info.BosTokenId,
            ChatTemplate = info.ChatTemplate ?? "",
        };
        wire.EosTokenIds.AddRange(info.EosTokenIds);
        return wire;
    }

    public static Wire.ScoreEvent ToWire(this ScoreEvent item)
    {
        if (item.Summary is { } summary)
        {
            return new Wire.ScoreEvent
            {
                Summary = new Wire.ScoreSummary { Tokens = summary.Tokens, MeanNll = summary.MeanNegativeLogLikelihood, Perplexity = Math.Exp(summary.MeanNegativeLogLikelihood) },
            };
        }

        if (item.Tokens is not { } tokens)
        {
            return new Wire.ScoreEvent { Progress = new Wire.ScoreProgress { Computed = item.Computed, Total = item.Total } };
        }

        var chunk = new Wire.ScoreChunk { StartPosition = item.StartPosition };
        chunk.Tokens.AddRange(tokens.Select(TurnEventMapping.ToWire));
        foreach (var top in item.Top ?? [])
        {
            var alternatives = new Wire.TopLogProbs();
            alternatives.Tokens.AddRange(top.Select(TurnEventMapping.ToWire));
            chunk.Top.Add(alternatives);
        }

        return new Wire.ScoreEvent { Chunk = chunk };
    }
}
