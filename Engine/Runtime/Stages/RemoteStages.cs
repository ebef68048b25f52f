using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Links;
using OrleansLM.Engine.Tensors;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>The stages of an engine that are not in its process.</summary>
public sealed record RemoteStages
{
    /// <summary>Only stages of the same cluster answer.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Name of the replica, unique in the cluster.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Layers of all stages in order; the first is the one in this process. Together they are the model's. So it begins: the route may cut it anew later.</summary>
    public required IReadOnlyList<LayerRange> Layers { get; init; }

    /// <summary>Where the others are.</summary>
    public required IStageRoute Route { get; init; }

    public LinkOptions Link { get; init; } = new();

    /// <summary>
    /// How hidden states travel. Float32 is what the stages compute with: the ids are those of one process. BFloat16 is half as long, and the ids then depend on
    /// where the model is cut.
    /// </summary>
    public DataType HiddenType { get; init; } = DataType.Float32;

    /// <summary>How long turns wait for a stage that was lost; then they fail with <see cref="EngineError.Unavailable"/>.</summary>
    public TimeSpan LossTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Where states lie while the stages are moved or the model is cut anew; null: in the system's folder for such files.</summary>
    public string? CarriageFolder { get; init; }

    /// <exception cref="ArgumentException">Says what is wrong, with the value and what was expected.</exception>
    public void Validate(ModelConfig config)
    {
        Link.Validate();
        var end = 0;
        foreach (var range in Layers)
        {
            end = range.Start == end && range.Count > 0 ? range.End : throw Wrong(config);
        }

        if (Layers.Count < 2 || end != config.LayerCount)
        {
            throw Wrong(config);
        }

        if (HiddenType is not (DataType.Float32 or DataType.BFloat16))
        {
            throw new ArgumentException($"{nameof(HiddenType)} is {HiddenType}; expected Float32 or BFloat16");
        }

        if (LossTimeout <= TimeSpan.Zero)
        {
            throw new ArgumentException($"{nameof(LossTimeout)} is {LossTimeout}; expected more than 0");
        }
    }

    /// <summary>What the first stage consists of; the others differ in their layers.</summary>
    internal StageAssignment Assignment(Checkpoint checkpoint, EngineOptions options, int units) => new()
    {
        Pipeline = Pipeline,
        Model = checkpoint.Name,
        Fingerprint = checkpoint.Fingerprint,
        Layers = Layers[0],
        StateUnits = units,
        PageTokens = options.PageTokens,
        StateType = options.StateType,
        StateChunkTokens = options.StateChunkTokens,
        MaxRows = options.MaxStepTokens,
    };

    private ArgumentException Wrong(ModelConfig config) => new(
        $"{nameof(Layers)} are {string.Join(", ", Layers)}; expected two or more ranges one after the other that make up [0, {config.LayerCount})");
}
