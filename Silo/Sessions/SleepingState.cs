using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Sessions;

/// <summary>A session's snapshots: of its latest state, and of named checkpoints. Its caller lets in one operation at a time.</summary>
internal sealed class SleepingState(SessionSnapshots snapshots, SessionState state, SiloMetrics metrics)
{
    private bool _searched;

    /// <summary>Tokens whose state lies in the session's snapshot; 0 when it has none that is known.</summary>
    public int Length { get; private set; }

    /// <summary>Writes what is computed, unless that is in the snapshot already.</summary>
    /// <returns>False when it could not be written.</returns>
    public async Task<bool> SaveAsync(IEngineSequence sequence)
    {
        if (sequence.ComputedLength != Length || !snapshots.IsThere(Name()))
        {
            Length = await snapshots.SaveAsync(Name(), sequence, checkpoints: true);
        }

        return Length > 0;
    }

    /// <summary>The session was rolled back: of the snapshot no more counts than that.</summary>
    public void CutTo(int position) => Length = Math.Min(Length, position);

    public void Slept() => metrics.SessionSlept();

    /// <summary>Brings the state in from the snapshot that reaches furthest, where that is further than what is computed: the session's own, a checkpoint's, or its parent's.</summary>
    public async Task WakeAsync(IEngineSequence sequence)
    {
        if (sequence.Length < 2 || (sequence.ComputedLength > 0 && sequence.ComputedLength >= Math.Min(Length, sequence.Length - 1)))
        {
            return;
        }

        var before = sequence.ComputedLength;
        if (Length > 0 || !_searched)
        {
            var computed = await snapshots.LoadAsync(Name(), sequence);
            Length = computed > before ? computed : Length;
        }

        await WakeFromCheckpointAsync(sequence);
        if (!_searched && sequence.ComputedLength == 0 && state.Session.ParentSessionId is { } parent)
        {
            await snapshots.LoadAsync(new SnapshotName(parent), sequence);
        }

        _searched = true;
    }

    /// <summary>Keeps the state at a checkpoint; when there are too many, that of the ones furthest back goes.</summary>
    public async Task KeepAsync(CheckpointInfo checkpoint, IEngineSequence fork)
    {
        if (fork.ComputedLength == 0 || snapshots.Options.KeptCheckpoints == 0)
        {
            return;
        }

        await snapshots.SaveAsync(Name(checkpoint), fork, checkpoints: false);
        foreach (var excess in state.Checkpoints.SkipLast(snapshots.Options.KeptCheckpoints))
        {
            Forget(excess);
        }
    }

    public void Forget(CheckpointInfo checkpoint) => snapshots.Delete(Name(checkpoint));

    private async Task WakeFromCheckpointAsync(IEngineSequence sequence)
    {
        foreach (var checkpoint in state.Checkpoints.Reverse().Where(checkpoint => checkpoint.Position <= sequence.Length).Take(snapshots.Options.KeptCheckpoints))
        {
            if (checkpoint.Position - 1 > sequence.ComputedLength && await snapshots.LoadAsync(Name(checkpoint), sequence) >= checkpoint.Position - 1)
            {
                return;
            }
        }
    }

    private SnapshotName Name(CheckpointInfo? checkpoint = null) => new(state.Handle.SessionId, checkpoint?.Name);
}
