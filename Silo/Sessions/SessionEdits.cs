using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>What changes a session beside its turns: rollback, checkpoints, forks. Log first, then memory.</summary>
internal sealed class SessionEdits(SessionState state, SequenceSlot slot, SessionTurns turns, SessionServices services)
{
    public async Task RollBackAsync(RollbackSession request)
    {
        turns.RequireNoTurn();
        if (request.Position is null == (request.Checkpoint is null))
        {
            throw OrleansLMException.Invalid("to", "expected exactly one of position and checkpoint");
        }

        var position = Resolve(request.Position, request.Checkpoint);
        var now = services.Now;
        await services.Log.RollbackAsync(state.Handle, position, now);
        var dropped = state.Checkpoints.Where(checkpoint => checkpoint.Position > position).ToList();
        state.RollBack(position, now);
        await slot.TruncateAsync(position);
        await (slot.Sleeping?.CutToAsync(position) ?? Task.CompletedTask);
        dropped.ForEach(checkpoint => slot.Sleeping?.Forget(checkpoint));
        services.Metrics.SessionRolledBack();
    }

    public async Task AddCheckpointAsync(string name, int? position)
    {
        SessionRules.CheckCheckpointName(name);
        if (state.FindCheckpoint(name) is { } taken)
        {
            throw new OrleansLMException(ErrorCode.AlreadyExists, $"name: checkpoint '{name}' exists already, at {taken.Position}") { Field = "name" };
        }

        if (state.Checkpoints.Count >= services.Options.MaxCheckpoints)
        {
            throw new OrleansLMException(ErrorCode.ResourceExhausted, $"the session has {state.Checkpoints.Count} checkpoints, which is the limit: delete some")
            {
                Reason = "TOO_MANY_CHECKPOINTS",
            };
        }

        var checkpoint = new CheckpointInfo { Name = name, Position = Resolve(position, null), CreateTime = services.Now };
        await services.Log.AddCheckpointAsync(state.Handle, checkpoint);
        state.AddCheckpoint(checkpoint);
        await slot.KeepAsync(checkpoint, services.Models.Get(state.Session.Model));
    }

    public async Task RemoveCheckpointAsync(string name)
    {
        var checkpoint = GetCheckpoint(name, "name");
        await services.Log.RemoveCheckpointAsync(state.Handle, checkpoint.Name);
        state.RemoveCheckpoint(checkpoint.Name);
        slot.Sleeping?.Forget(checkpoint);
    }

    /// <summary>Makes the child, durably, and leaves the forked engine state for it on this silo.</summary>
    public async Task ForkAsync(ForkSession request)
    {
        SessionRules.CheckId(request.NewSessionId, "new_session_id");
        SessionRules.CheckMetadata(request.Metadata ?? state.Session.Metadata);
        if (request.Position is not null && request.Checkpoint is not null)
        {
            throw OrleansLMException.Invalid("at", "expected one of position and checkpoint, or neither");
        }

        var position = Resolve(request.Position, request.Checkpoint);
        var now = services.Now;
        var child = state.Session with
        {
            SessionId = request.NewSessionId,
            CreateTime = now,
            UpdateTime = now,
            ExpireTime = state.ExpiryAfter(now),
            Metadata = request.Metadata ?? state.Session.Metadata,
            ParentSessionId = state.Session.SessionId,
            ParentPosition = position,
        };
        var tokens = await slot.ReadTokensAsync(0, position);
        var checkpoints = state.Checkpoints.Where(checkpoint => checkpoint.Position <= position).ToList();
        await CreateAsync(child, tokens, checkpoints);
        services.Metrics.SessionForked();
        await HandOverAsync(child.SessionId, position);
    }

    private async Task CreateAsync(SessionRecord child, int[] tokens, List<CheckpointInfo> checkpoints)
    {
        try
        {
            await services.Log.CreateAsync(child, tokens, checkpoints, services.Options.MaxOpenSessions);
        }
        catch (OrleansLMException failure) when (failure.Code == ErrorCode.AlreadyExists)
        {
            throw new OrleansLMException(ErrorCode.AlreadyExists, $"new_session_id: there is a session '{child.SessionId}' already")
            {
                Field = "new_session_id",
                Reason = failure.Reason,
            };
        }
    }

    /// <summary>Without it the child computes its state from the log.</summary>
    private async Task HandOverAsync(string childId, int position)
    {
        if (await slot.TryForkAsync(position) is { } fork)
        {
            services.Handover.Offer(childId, fork);
        }
    }

    private int Resolve(int? position, string? checkpoint) => checkpoint is not null
        ? GetCheckpoint(checkpoint, "checkpoint").Position
        : SessionRules.Position(position ?? turns.Length, turns.Length, "position");

    private CheckpointInfo GetCheckpoint(string name, string field) => state.FindCheckpoint(name)
        ?? throw new OrleansLMException(ErrorCode.NotFound, $"{field}: session '{state.Session.SessionId}' has no checkpoint '{name}'") { Field = field, Reason = "CHECKPOINT_NOT_FOUND" };
}
