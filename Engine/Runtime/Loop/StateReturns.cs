using OrleansLM.Engine.Runtime.Diagnostics;
using OrleansLM.Engine.Runtime.Stages;
using OrleansLM.Engine.Runtime.Turns;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>
/// Turns whose state went with a stage: their owners are asked for what they keep of it, when the stages are whole again. A loss meanwhile takes that too, and they are asked once more.
/// Engine's thread.
/// </summary>
/// <param name="chain">Says when.</param>
/// <param name="turns">All turns.</param>
/// <param name="commands">Where the owners' answers come to.</param>
/// <param name="prepare">Called with a turn whose state is back.</param>
/// <param name="instruments">Counts.</param>
internal sealed class StateReturns(IStageChain chain, TurnTable turns, CommandQueue commands, Action<EngineTurn> prepare, EngineInstruments instruments)
{
    private bool _any;

    /// <summary>Called before the state of all turns is forgotten.</summary>
    public void Note()
    {
        foreach (var turn in turns.Running)
        {
            Note(turn);
        }

        foreach (var turn in turns.Waiting)
        {
            Note(turn);
        }
    }

    /// <summary>Once a round.</summary>
    public void Look()
    {
        if (!_any || !chain.IsReady)
        {
            return;
        }

        _any = false;
        foreach (var turn in turns.Running)
        {
            Begin(turn);
        }

        foreach (var turn in turns.Waiting)
        {
            Begin(turn);
        }
    }

    private void Note(EngineTurn turn)
    {
        if (turn.Sequence.AfterLoss is not null && (turn.Return is not null || turn.Sequence.State.ComputedLength > 0))
        {
            turn.Return = new StateReturn();
            _any = true;
        }
    }

    private void Begin(EngineTurn turn)
    {
        if (turn.Return is { IsUnderWay: false } back)
        {
            back.IsUnderWay = true;
            Ask(turn.Sequence).ContinueWith(asked => Take(turn, back, asked), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private static Task<IEngineSequence?> Ask(EngineSequence sequence)
    {
        try
        {
            return sequence.AfterLoss?.Invoke() ?? Task.FromResult<IEngineSequence?>(null);
        }
        catch (Exception failure)
        {
            return Task.FromException<IEngineSequence?>(failure);
        }
    }

    /// <summary>Any thread.</summary>
    private void Take(EngineTurn turn, StateReturn back, Task<IEngineSequence?> asked)
    {
        // What could not be brought in is computed.
        var brought = asked.IsCompletedSuccessfully ? asked.Result as EngineSequence : null;
        _ = asked.Exception;
        if (!commands.TryPost(() => End(turn, back, brought)))
        {
            _ = brought?.DisposeAsync().AsTask();
        }
    }

    private void End(EngineTurn turn, StateReturn back, EngineSequence? brought)
    {
        if (!turn.Ended && turn.Return == back)
        {
            turn.Return = null;
            if (brought is { IsDisposed: false })
            {
                StateTransfers.Share(turn.Sequence, brought);
                instruments.Restored.Add(turn.Sequence.State.ComputedLength);
                prepare(turn);
            }
        }

        _ = brought?.DisposeAsync().AsTask();
    }
}
