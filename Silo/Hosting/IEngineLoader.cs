using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Hosting;

/// <summary>Makes a running engine out of a model folder.</summary>
public interface IEngineLoader
{
    /// <summary>Blocks while it loads. The caller disposes the engine.</summary>
    HostedModel Load(ModelOptions options);
}
