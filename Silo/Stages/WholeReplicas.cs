using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Hosting;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Stages;

/// <summary>The models that are whole on this silo, as the planner counts them: pipelines of one stage that stays.</summary>
public sealed partial class WholeReplicas(IOptions<ServingOptions> serving, ModelRegistry registry, ILocalSiloDetails silo, ILogger<WholeReplicas> logger)
{
    private readonly ConcurrentDictionary<string, PipelineRequest?> _known = new(StringComparer.Ordinal);

    public IReadOnlyList<PipelineRequest> Requests => [.. serving.Value.Models.Where(model => model.Pipeline is null).Select(Find).OfType<PipelineRequest>()];

    private PipelineRequest? Find(ModelOptions options)
    {
        var name = options.Name ?? Checkpoint.FolderName(options.Directory);
        return registry.Find(name) is { } model ? _known.GetOrAdd(name, _ => Read(options.Directory, model)) : null;
    }

    /// <summary>A folder that cannot be read any more is left out of the plan; the model that was loaded from it goes on.</summary>
    private PipelineRequest? Read(string directory, HostedModel model)
    {
        try
        {
            using var checkpoint = Checkpoint.Open(directory);
            var request = PipelineRequests.Of($"{silo.Name}/{model.Name}", silo, checkpoint, StateBytes(model.Engine.Description));
            var all = new StagePlace { Silo = request.Head, FirstLayer = 0, EndLayer = request.LayerBytes.Length, LinkAddress = "", Bytes = 0, StateBytes = 0, Seconds = 0, Change = "" };
            return request with { Stages = 1, Current = new[] { all } };
        }
        catch (Exception error) when (error is CheckpointException or IOException)
        {
            LogNotPlanned(error, directory);
            return null;
        }
    }

    private static long StateBytes(EngineDescription engine) =>
        engine.PageCount * (engine.StateBytesPerSequence > 0 ? engine.StateBytesPerSequence : engine.StateBytesPerToken * engine.PageTokens);

    [LoggerMessage(126, LogLevel.Warning, "The model in {Directory} is left out of the cluster's plan: its folder cannot be read")]
    private partial void LogNotPlanned(Exception error, string directory);
}
