using System.CommandLine.Parsing;
using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Runtime.Stages;

namespace OrleansLM.Cli.Stage;

/// <summary>Stages that are named on the command line.</summary>
internal static class StageAddresses
{
    public const string DefaultCluster = "orleanslm";

    public static LinkAddress? ParseOne(ArgumentResult result) => Parse(result) is [var address] ? address : null;

    public static LinkAddress[] Parse(ArgumentResult result)
    {
        try
        {
            return [.. result.Tokens.Select(token => LinkAddress.Parse(token.Value))];
        }
        catch (FormatException error)
        {
            result.AddError(error.Message);
            return [];
        }
    }

    /// <summary>The model's layers in even parts, the first here, the others at the addresses; null without any.</summary>
    public static RemoteStages? Remote(IReadOnlyList<LinkAddress> addresses, string cluster, string model, ModelConfig config)
    {
        if (addresses.Count == 0)
        {
            return null;
        }

        if (addresses.Count >= config.LayerCount)
        {
            throw new ArgumentException($"{addresses.Count} stages elsewhere and one here; expected at most {config.LayerCount}, the layers of {model}");
        }

        var layers = LayerRange.Split(config.LayerCount, addresses.Count + 1);
        return new RemoteStages
        {
            ClusterId = cluster,
            Pipeline = $"{model}@{Environment.MachineName}:{Environment.ProcessId}",
            Layers = layers,
            Route = new FixedStageRoute([.. addresses.Select((address, i) => new StageHop(layers[i + 1], address))]),
        };
    }
}
