using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Engine.Runtime;
using OrleansLM.Engine.State.Transfer;
using OrleansLM.Silo.Log;
using OrleansLM.Silo.Models;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// A session's sequence in the engine: made from the log when it is first needed, and again whenever it is not as long as the session, so that whatever
/// happened to the engine the log decides. Its computed state is a cache, which comes from a snapshot where there is one.
/// </summary>
internal sealed class SequenceSlot(ISessionLog log, SessionHandle handle, SleepingState? sleeping, Func<Task> spill) : IAsyncDisposable
{
    public IEngineSequence? Current { get; private set; }

    /// <summary>The session's snapshots; null when none are written.</summary>
    public SleepingState? Sleeping => sleeping;

    /// <summary>Tokens whose state lies in the session's snapshot, as far as is known.</summary>
    public int SnapshotLength => sleeping?.Length ?? 0;

    public void Adopt(IEngineSequence? sequence)
    {
        Current = sequence;
        if (sequence is not null && sleeping is not null)
        {
            // What the engine needs the memory of goes to a snapshot first.
            sequence.BeforeDrop = spill;
        }
    }

    /// <summary>The sequence with the session's first <paramref name="length"/> tokens.</summary>
    public async Task<IEngineSequence> GetAsync(HostedModel model, int length)
    {
        if (Current is not { } current || current.Length != length)
        {
            var tokens = await log.ReadTokensAsync(handle, 0, length);
            var fresh = model.Engine.CreateSequence(tokens);
            if (Current is { ComputedLength: > 0 } known)
            {
                // Of another length, and yet the same session: what both begin with is computed already.
                await ShareAsync(fresh, known);
            }

            await DisposeAsync();
            Adopt(current = fresh);
        }

        if (sleeping is not null)
        {
            await sleeping.WakeAsync(current, model);
            current.AfterLoss = () => Task.Run(() => RestoreAsync(sleeping, current, model));
        }

        return current;
    }

    /// <summary>A sequence for the caller to dispose, with the session's first <paramref name="position"/> tokens and what is computed of them; null when there is none to share.</summary>
    public async Task<IEngineSequence?> TryForkAsync(int position)
    {
        try
        {
            return Current is { } current && current.Length >= position ? await current.ForkAsync(position) : null;
        }
        catch (EngineException)
        {
            return null;
        }
    }

    /// <summary>What the store has of a sequence whose state was lost with a stage, in a sequence of its own; null when that is nothing.</summary>
    private static async Task<IEngineSequence?> RestoreAsync(SleepingState sleeping, IEngineSequence lost, HostedModel model)
    {
        var restored = model.Engine.CreateSequence(lost.CopyTokens(0, lost.Length));
        try
        {
            await sleeping.WakeAsync(restored, model);
        }
        catch
        {
            await restored.DisposeAsync();
            throw;
        }

        if (restored.ComputedLength > 0)
        {
            return restored;
        }

        await restored.DisposeAsync();
        return null;
    }

    private static async Task ShareAsync(IEngineSequence sequence, IEngineSequence donor)
    {
        try
        {
            await sequence.ShareAsync(donor);
        }
        catch (EngineException)
        {
            // It is computed again.
        }
    }

    /// <summary>Tokens [start, end), from the engine when it has them.</summary>
    public async Task<int[]> ReadTokensAsync(int start, int end) =>
        Current is { } current && current.Length >= end ? current.CopyTokens(start, end) : await log.ReadTokensAsync(handle, start, end);

    /// <summary>Drops tokens from the sequence, if there is one; what cannot be dropped is made again from the log.</summary>
    public async Task TruncateAsync(int position)
    {
        try
        {
            if (Current is { } current)
            {
                await current.TruncateAsync(position);
            }
        }
        catch (EngineException)
        {
            await DisposeAsync();
        }
    }

    /// <summary>Moves the state to a snapshot.</summary>
    /// <exception cref="OrleansLMException">FailedPrecondition: snapshots are switched off; ResourceExhausted: it could not be written, and the state stays.</exception>
    public async Task SleepAsync()
    {
        if (sleeping is null)
        {
            throw new OrleansLMException(ErrorCode.FailedPrecondition, "this server writes no snapshots: their quota is 0") { Reason = "SNAPSHOTS_OFF" };
        }

        if (Current is not { ComputedLength: > 0 } current)
        {
            await DisposeAsync();
            return;
        }

        if (!await sleeping.SaveAsync(current))
        {
            throw new OrleansLMException(ErrorCode.ResourceExhausted, "the session's snapshot could not be written: the quota or the disk is full, or memory ran short; the session stays awake")
            {
                Reason = "SNAPSHOT_NOT_WRITTEN",
            };
        }

        await DisposeAsync();
        sleeping.Slept();
    }

    /// <summary>Opens the state of the session's tokens for reading, from memory or a snapshot; null when none is computed.</summary>
    public async Task<IStateExport?> ExportAsync(HostedModel model, int length)
    {
        if (length == 0)
        {
            return null;
        }

        var sequence = await GetAsync(model, length);
        return sequence.ComputedLength > 0 ? await sequence.ExportAsync(new StateExportOptions { Checkpoints = false }) : null;
    }

    /// <summary>Writes a snapshot of what is computed, if one can be written.</summary>
    public async Task SettleAsync()
    {
        if (sleeping is not null && Current is { ComputedLength: > 0 } current)
        {
            await sleeping.SaveAsync(current);
        }
    }

    /// <summary>Keeps the state at a named checkpoint, where a rollback would have to compute it again.</summary>
    public async Task KeepAsync(CheckpointInfo checkpoint, HostedModel model)
    {
        if (sleeping is null || Current is not { } current || !model.LosesEarlierState)
        {
            return;
        }

        try
        {
            await using var fork = await current.ForkAsync(checkpoint.Position);
            await sleeping.KeepAsync(checkpoint, fork);
        }
        catch (EngineException)
        {
            // A rollback computes it from the log.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Current is { } current)
        {
            Current = null;
            await current.DisposeAsync();
        }
    }
}
