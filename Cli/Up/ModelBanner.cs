using System.Text;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Models;

namespace OrleansLM.Cli.Up;

/// <summary>What was loaded, in a few lines.</summary>
internal static class ModelBanner
{
    public static string Of(HostedModel model)
    {
        var info = ModelInfos.Of(model);
        var description = model.Engine.Description;
        var text = new StringBuilder();
        text.AppendLine($"model        {info.Name}: {info.Family}, {info.Parameters / 1e6:N2} M parameters, {Mib(info.WeightBytes)} of weights, {info.Layers} layers");
        text.AppendLine($"positions    {info.Rope}; context {(info.ContextTokens == 0 ? $"unlimited, trained on {info.TrainedTokens:N0} tokens" : $"{info.ContextTokens:N0} tokens")}");
        text.AppendLine(description.StateBytesPerToken > 0
            ? $"memory       {description.StateBytesPerToken:N0} bytes per token of context ({description.StateType}); {description.PageCount:N0} pages of {description.PageTokens} tokens = {Mib((long)description.PageCount * description.PageTokens * description.StateBytesPerToken)}"
            : $"memory       {description.StateBytesPerSequence:N0} bytes per session at any length{OpenChunk(description)}; room for {description.PageCount:N0} states");
        text.AppendLine($"backend      {description.Backend}, {description.Stages.Count} stage{(description.Stages.Count == 1 ? "" : "s")} {string.Join(' ', description.Stages)}");
        return text.ToString();
    }

    private static string OpenChunk(EngineDescription description) => description.StateChunkTokens == 1 ? "" :
        $" ({description.StateBytesPerSequence - description.OpenChunkBytesPerSequence:N0} of state, {description.OpenChunkBytesPerSequence:N0} for the open chunk of {description.StateChunkTokens} tokens)";

    private static string Mib(long bytes) => $"{bytes / 1048576.0:N1} MiB";
}
