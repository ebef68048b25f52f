using OrleansLM.Engine.Models;
using OrleansLM.Engine.Runtime.Turns;
using OrleansLM.Engine.State;

namespace OrleansLM.Engine.Runtime.Loop;

/// <summary>Who holds state: the pool, and the idle sequences in the order in which theirs is dropped when memory is short. Engine's thread, but for <see cref="NewState"/>.</summary>
internal sealed class StateLedger(PagePool pool, ModelConfig config, EngineOptions options, StateSaves saves)
{
    private readonly LinkedList<EngineSequence> _idle = new();

    public PagePool Pool { get; } = pool;

    /// <summary>Sequences without a turn, the one that was used longest ago first.</summary>
    public LinkedList<EngineSequence> Idle => _idle;

    /// <summary>Sequences without a turn into which a stored state comes; one whose state was dropped meanwhile is not among them any more.</summary>
    public HashSet<EngineSequence> Restoring { get; } = [];

    public StateSaves Saves { get; } = saves;

    public SequenceState NewState() => config.Family == ModelFamily.Supra
        ? new RecurrentSequenceState(Pool, new CheckpointPolicy(options.CheckpointTokens, options.MaxCheckpoints))
        : new PagedSequenceState(Pool, options.PageTokens, config.SlidingWindow);

    /// <summary>A disposed sequence is forgotten instead.</summary>
    public void MakeIdle(EngineSequence sequence)
    {
        if (!sequence.IsDisposed && sequence.IdleNode.List is null)
        {
            _idle.AddLast(sequence.IdleNode);
        }
    }

    public void MakeBusy(EngineSequence sequence)
    {
        if (sequence.IdleNode.List is not null)
        {
            _idle.Remove(sequence.IdleNode);
        }

        Saves.Forget(sequence);
    }

    public void BeginRestore(EngineSequence sequence)
    {
        MakeBusy(sequence);
        Restoring.Add(sequence);
    }

    public void EndRestore(EngineSequence sequence)
    {
        Restoring.Remove(sequence);
        MakeIdle(sequence);
    }

    /// <summary>Gives up earlier states that are kept for rollbacks, those of idle sequences first, until <paramref name="wanted"/> slots are free or none is left.</summary>
    public void DropCheckpoints(int wanted, TurnTable turns)
    {
        for (var node = Idle.First; node is not null && Pool.FreeCount < wanted; node = node.Next)
        {
            DropCheckpoints(wanted, node.Value);
        }

        foreach (var turn in turns.Running)
        {
            DropCheckpoints(wanted, turn.Sequence);
        }

        foreach (var turn in turns.Waiting)
        {
            DropCheckpoints(wanted, turn.Sequence);
        }
    }

    private void DropCheckpoints(int wanted, EngineSequence sequence)
    {
        while (Pool.FreeCount < wanted && sequence.State is RecurrentSequenceState state && state.DropOldestCheckpoint())
        {
        }
    }
}
