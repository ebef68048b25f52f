using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>The models that a stage server can load stages of.</summary>
public interface IStageModels
{
    /// <summary>Opens a model's folder anew; the caller disposes it.</summary>
    /// <param name="model">Its name.</param>
    /// <exception cref="CheckpointException">There is none of that name here, or its folder cannot be used.</exception>
    Checkpoint Open(string model);
}
