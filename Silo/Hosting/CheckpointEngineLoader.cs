using System.Diagnostics.Metrics;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.Text;
using OrleansLM.Engine.Weights;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Hosting;

/// <summary>Loads checkpoints from disk into engines of this process.</summary>
public sealed class CheckpointEngineLoader(TimeProvider time, IMeterFactory meters) : IEngineLoader
{
    public HostedModel Load(ModelOptions options)
    {
        var checkpoint = Checkpoint.Open(options.Directory);
        try
        {
            var template = options.ChatTemplate is { Length: > 0 } name ? ChatTemplate.Named(name) : ChatTemplate.Of(options.Directory);
            var tokenizer = ModelTokenizers.Open(options.Directory);
            var engine = InferenceEngine.Load(checkpoint, tokenizer, options.Engine, time, meters);
            return new HostedModel(options.Name ?? checkpoint.Name, engine, template == ChatTemplate.None ? null : template);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }
}
