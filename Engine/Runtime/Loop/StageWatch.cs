using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// Watches the stages for the engine's thread. When one was lost, every sequence loses its state (the others' slices are useless without the lost one's) and
/// computes it anew when the stages are whole again, unless it was taken along (<see cref="StateCarriage"/>) and but for what its owner keeps elsewhere
/// (<see cref="StateReturns"/>); turns wait for that as long as the chain says.
/// </summary>
internal sealed class StageWatch(IStageChain chain, TurnTable turns, StateLedger ledger, StateReturns returns, TurnEnding ending, StateCarriage carriage)
{
    /// <returns>True when a stage was lost since the last look: nothing will come of the steps under way.</returns>
    public bool LookForLoss()
    {
        FailIfHopeless();
        if (!chain.TakeLoss())
        {
            return false;
        }

        if (!carriage.Survives())
        {
            ForgetAll();
        }

        return true;
    }

    public void ForgetAll()
    {
        returns.Note();
        ForgetSince(0);
    }

    /// <summary>Drops all state that depends on step <paramref name="number"/> or a later one.</summary>
    public void ForgetSince(long number)
    {
        ledger.Pool.ForgetAll();
        foreach (var sequence in ledger.Idle)
        {
            Forget(sequence, number);
        }

        foreach (var sequence in ledger.Restoring)
        {
            Forget(sequence, number);
        }

        ledger.Restoring.RemoveWhere(sequence => sequence.LastStep >= number);
        foreach (var turn in turns.Running)
        {
            Forget(turn.Sequence, number);
        }

        foreach (var turn in turns.Waiting)
        {
            Forget(turn.Sequence, number);
        }
    }

    private static void Forget(EngineSequence sequence, long number)
    {
        if (sequence.LastStep >= number)
        {
            StepPlanner.DropState(sequence);
        }
    }

    private void FailIfHopeless()
    {
        if (chain.Unavailable is not { } error)
        {
            return;
        }

        while (turns.Running.Count + turns.Waiting.Count > 0)
        {
            ending.Fail(turns.Running.Count > 0 ? turns.Running[^1] : turns.Waiting[^1], error);
        }
    }
}
