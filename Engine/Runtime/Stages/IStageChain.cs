using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Loop;

namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>
/// All stages of a replica, one after the other, as the engine's thread sees them: batches in, what they chose out, in the same order. In one process the stages
/// run in turn on that thread; stages elsewhere run at the same time, and several steps are under way.
/// </summary>
internal interface IStageChain : IUnitAccess, IDisposable
{
    /// <summary>Rows of a step at most.</summary>
    int MaxRows { get; }

    /// <summary>Steps that may be under way together; 1: <see cref="TryComplete"/> waits until the step is done.</summary>
    int Depth => 1;

    /// <summary>Stages that work at the same time: decode rows are dealt to as many steps, so that each stage has one.</summary>
    int Parallel => 1;

    /// <summary>Any thread: where the model is cut now; null: where it was when it was loaded.</summary>
    IReadOnlyList<LayerRange>? Layers => null;

    /// <summary>Steps can be begun now. Engine's thread.</summary>
    bool IsReady => true;

    /// <summary>Why turns are not to wait any longer for <see cref="IsReady"/>; null while they are.</summary>
    EngineException? Unavailable => null;

    /// <returns>True once after a stage was lost, with its part of every state and all steps under way. Nothing can be begun before that was asked.</returns>
    bool TakeLoss() => false;

    /// <summary>Called once, before anything else. <paramref name="wake"/> may be called from any thread: something is done, lost or ready.</summary>
    void Attach(Action wake)
    {
    }

    /// <summary>Any thread: asks for the stages elsewhere to be given up and connected anew, wherever they are then: see <see cref="IsLeaving"/>.</summary>
    void Reroute()
    {
    }

    /// <summary>That was asked for. What the stages hold can still be read, and then <see cref="Leave"/> called.</summary>
    bool IsLeaving => false;

    /// <summary>Gives the stages up: the next that is heard of them is their loss. Engine's thread.</summary>
    void Leave()
    {
    }

    /// <summary>
    /// <see cref="Parallel"/> steps more than <see cref="Depth"/> may be begun, behind those under way: where their <see cref="StepBatch.Tokens"/> say so the stages put in what
    /// those choose, which nobody else knows yet.
    /// </summary>
    bool CanFollow => false;

    /// <summary>Takes a filled step; <see cref="Depth"/> of them at most, and those that follow.</summary>
    /// <exception cref="StageLostException">The stages are not what they were.</exception>
    void Begin(PendingStep step);

    /// <summary>Hands out what came of the oldest step that was begun.</summary>
    /// <returns>False when it is not done.</returns>
    /// <exception cref="StageLostException">The stages are not what they were.</exception>
    /// <exception cref="Exception">Anything else: the step has failed, nothing is known about the state of the sequences in it.</exception>
    bool TryComplete(PendingStep step, IStepReader reader);
}
