namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>Takes the logits of a step, block by block.</summary>
internal interface ILogitReader
{
    /// <param name="first">Index within <see cref="StepBatch.LogitRows"/> of the first row.</param>
    /// <param name="rows">Rows of this block.</param>
    /// <param name="logits">[rows, V]; valid during the call only.</param>
    void Read(int first, int rows, ReadOnlySpan<float> logits);
}
