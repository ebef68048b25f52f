using OrleansLM.Engine.Runtime;

namespace OrleansLM.Engine.Backends;

/// <summary>
/// What a stage does in a step, as operators of its backend; the same operators with the same buffers for every step of as many rows. Operators get their
/// row count from the matrices, which a recording backend makes larger than the batch.
/// </summary>
public interface IStepBody
{
    /// <summary>Rows that the body's buffers have room for.</summary>
    int MaxRows { get; }

    /// <summary>Rows of logits that the body's buffers have room for.</summary>
    int MaxLogitRows { get; }

    /// <summary>Updates the residual stream [rows, C] in place.</summary>
    void RunLayers(StepBatch batch, Matrix hidden);

    /// <summary>Leaves logits of <paramref name="count"/> rows, from entry <paramref name="first"/> of the logit rows on.</summary>
    void RunHead(StepBatch batch, Matrix hidden, int first, int count);
}
