using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Models;

namespace OrleansLM.Silo.Models;

/// <summary>A model as callers see it.</summary>
/// <summary>What a hosted model tells about itself.</summary>
public static class ModelInfos
{
    public static ModelInfo Of(HostedModel model)
    {
        var (config, description) = (model.Engine.Config, model.Engine.Description);
        return new ModelInfo
        {
            Name = model.Name,
            Family = config.Family.ToString().ToLowerInvariant(),
            Parameters = description.ParameterCount,
            WeightBytes = description.WeightBytes,
            ContextTokens = model.ContextTokens ?? 0,
            TrainedTokens = model.TrainedTokens ?? 0,
            Layers = config.LayerCount,
            HiddenSize = config.HiddenSize,
            Heads = config.HeadCount,
            KeyValueHeads = config.KeyValueHeadCount,
            HeadDim = config.HeadDim,
            VocabularySize = config.VocabularySize,
            StateBytesPerToken = description.StateBytesPerToken,
            StateBytesPerSession = description.StateBytesPerSequence,
            Rope = Describe(config.Rope),
            Fingerprint = description.Fingerprint,
            BosTokenId = config.BosTokenId,
            EosTokenIds = config.EosTokenIds.ToArray(),
            ChatTemplate = model.ChatTemplate?.Name,
        };
    }

    private static string Describe(RopeConfig rope) => rope.Scaling switch
    {
        RopeScaling.Linear => $"linear {rope.Factor:0.##}x",
        RopeScaling.DynamicNtk => $"dynamic NTK {rope.Factor:0.##}x over {rope.OriginalContextLength}",
        RopeScaling.Yarn => $"yarn {rope.Factor:0.##}x over {rope.OriginalContextLength}, constants {rope.Yarn?.Name}",
        _ => $"RoPE base {rope.Theta:0.##}, no scaling",
    };
}
