using System.ComponentModel.DataAnnotations;

namespace OrleansLM.Silo.Stages;

/// <summary>How a model is spread over silos.</summary>
public sealed class PipelineSettings
{
    /// <summary>True: the first stage is here and the engine with it. False: this silo only has the folder, and serves stages to others.</summary>
    public bool IsHead { get; set; } = true;

    /// <summary>[2, 1024]: stages; null: as few as memory allows, and at least two.</summary>
    [Range(2, 1024)]
    public int? Stages { get; set; }
}
