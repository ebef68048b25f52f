using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Snapshots;

namespace OrleansLM.Silo.Sessions;

/// <summary>A session's snapshots: of its latest state, of what it computes while it goes on, and of named checkpoints. One operation at a time; others wait.</summary>
internal sealed class SleepingState(SessionSnapshots snapshots, SessionState state, SiloMetrics metrics) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly SnapshotParts _parts = new(snapshots, state.Handle.SessionId);
    private bool _searched;

    /// <summary>Tokens whose state lies in the snapshot alone.</summary>
    private int _whole;

    /// <summary>How far it was tried to keep up.</summary>
    private int _tried;

    /// <summary>Tokens whose state lies in the store; 0 when it has none that is known.</summary>
    public int Length { get; private set; }

    /// <summary>Writes what is computed, unless that is in the snapshot already.</summary>
    /// <returns>False when it could not be written.</returns>
    public Task<bool> SaveAsync(IEngineSequence sequence) => LockedAsync(async () =>
    {
        if (sequence.ComputedLength != _whole || !snapshots.IsThere(Name()))
        {
            var saved = await snapshots.SaveAsync(Name(), sequence, checkpoints: true);
            if (saved == 0)
            {
                return false;
            }

            Length = _whole = saved;
            _parts.DeleteFrom(0);
        }

        return true;
    });

    /// <summary>Writes what was computed since the last time, when that is enough; pages behind those that are stored, where earlier ones never change.</summary>
    public Task<bool> KeepUpAsync(IEngineSequence sequence, HostedModel model) => LockedAsync(async () =>
    {
        if (sequence.ComputedLength - Math.Max(Length, _tried) < snapshots.Options.KeepUpTokens)
        {
            return false;
        }

        _tried = sequence.ComputedLength;
        if (model.LosesEarlierState)
        {
            _whole = await snapshots.SaveAsync(Name(), sequence, checkpoints: true) is > 0 and var saved ? saved : _whole;
            Length = _whole;
        }
        else
        {
            Length = await _parts.AppendAsync(sequence, _parts.Check(_whole > 0 && !snapshots.IsThere(Name()) ? 0 : Length), model.Engine.Description.PageTokens);
        }

        return true;
    });

    /// <summary>The session was rolled back: of what is stored no more counts than that.</summary>
    public Task CutToAsync(int position) => LockedAsync(() =>
    {
        (Length, _whole, _tried) = (Math.Min(Length, position), Math.Min(_whole, position), Math.Min(_tried, position));
        _parts.DeleteFrom(position);
        return Task.FromResult(true);
    });

    public void Slept() => metrics.SessionSlept();

    /// <summary>Brings the state in from what reaches furthest, where that is further than what is computed: the session's own snapshot with its parts, a checkpoint's, or its parent's.</summary>
    public Task WakeAsync(IEngineSequence sequence, HostedModel model) => LockedAsync(async () =>
    {
        if (sequence.Length < 2 || (sequence.ComputedLength > 0 && sequence.ComputedLength >= Math.Min(Length, sequence.Length - 1)))
        {
            return false;
        }

        if (Length > 0 || !_searched)
        {
            await LoadAsync(sequence, model);
        }

        await WakeFromCheckpointAsync(sequence);
        if (!_searched && sequence.ComputedLength == 0 && state.Session.ParentSessionId is { } parent)
        {
            using var parts = new SnapshotParts(snapshots, parent);
            await snapshots.LoadAsync(new SnapshotName(parent), sequence);
            await LoadPartsAsync(parts, sequence, model);
        }

        _searched = true;
        return true;
    });

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

    public async ValueTask DisposeAsync() => await LockedAsync(() =>
    {
        _parts.Dispose();
        return Task.FromResult(true);
    });

    private async Task LoadAsync(IEngineSequence sequence, HostedModel model)
    {
        var before = sequence.ComputedLength;
        var whole = await snapshots.LoadAsync(Name(), sequence);
        _whole = whole > before ? whole : _whole;
        await LoadPartsAsync(_parts, sequence, model);
        Length = sequence.ComputedLength > before ? sequence.ComputedLength : Length;
    }

    /// <summary>Of states that are stored as a whole there are none.</summary>
    private static Task LoadPartsAsync(SnapshotParts parts, IEngineSequence sequence, HostedModel model) =>
        model.LosesEarlierState ? Task.CompletedTask : parts.LoadAsync(sequence, model.Engine.Description.PageTokens);

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

    private async Task<bool> LockedAsync(Func<Task<bool>> operation)
    {
        await _gate.WaitAsync();
        try
        {
            return await operation();
        }
        finally
        {
            _gate.Release();
        }
    }

    private SnapshotName Name(CheckpointInfo? checkpoint = null) => new(state.Handle.SessionId, checkpoint?.Name);
}
