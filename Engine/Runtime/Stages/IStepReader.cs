using OrleansLM.Engine.Runtime.Loop;
using OrleansLM.Engine.Sampling;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Takes what came of a step, for each of its <see cref="PendingStep.Rows"/> in order: logits to choose from, or what the last stage has chosen.</summary>
internal interface IStepReader
{
    /// <param name="step">The step.</param>
    /// <param name="first">Index within <see cref="StepBatch.LogitRows"/> of the first row.</param>
    /// <param name="rows">Rows of this block.</param>
    /// <param name="logits">[rows, V]; valid during the call only.</param>
    void Read(PendingStep step, int first, int rows, ReadOnlySpan<float> logits);

    /// <summary>The token of a row is chosen (or scored) already.</summary>
    void Take(PendingStep step, int row, in SampledToken token);

    /// <summary>Nothing could be chosen for a row.</summary>
    void Refuse(PendingStep step, int row, EngineException error);
}
