namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// All stages of a replica, one after the other, as the engine's thread sees them: a batch in, its logits out. In this process the stages run in
/// turn on that thread; stages that run at the same time, or elsewhere, go behind the same interface.
/// </summary>
internal interface IStageChain : IDisposable
{
    /// <summary>Rows of a step at most.</summary>
    int MaxRows { get; }

    /// <summary>Runs a closed batch through every stage and hands its logits to <paramref name="reader"/>, rows in order.</summary>
    void Step(StepBatch batch, ILogitReader reader);
}
