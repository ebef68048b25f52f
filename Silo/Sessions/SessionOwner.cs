using System.Diagnostics.CodeAnalysis;
using OrleansLM.Contracts.Errors;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Archives;
using OrleansLM.Silo.Log;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// Everything that can be asked of one session, one operation at a time: loads it from the log when it is first needed, again when memory and log may
/// differ, and ends it when its time is up. Streams are read outside; only their beginning passes here.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle nobody asks for holds nothing to dispose of.")]
internal sealed class SessionOwner(string sessionId, SessionServices services)
{
    private readonly SemaphoreSlim _gate = new(1);
    private Session? _session;
    private bool _hasLeft;

    /// <summary>False when there is no such session, as far as is known.</summary>
    public bool IsLoaded => _session is not null;

    /// <summary>True while a turn runs.</summary>
    public bool IsRunning => _session?.Turns.Running is not null;

    public Task<SessionInfo> CreateAsync(CreateSession request, CancellationToken cancellationToken) => LockedAsync(
        async () =>
        {
            var model = services.Models.Resolve(request.Model);
            SessionRules.Check(sessionId, request, model);
            await services.Log.CreateAsync(NewRecord(request, model.Name), default, [], services.Options.MaxOpenSessions);
            return (await GetAsync()).Info();
        },
        cancellationToken);

    public Task<SessionInfo> InfoAsync(CancellationToken cancellationToken) => LockedAsync(async () => (await GetAsync()).Info(), cancellationToken);

    public Task<SessionHistory> HistoryAsync(int start, int end, CancellationToken cancellationToken) =>
        LockedAsync(async () => await (await GetAsync()).HistoryAsync(start, end), cancellationToken);

    public Task<TurnReader> StartTurnAsync(TurnCommand command, CancellationToken cancellationToken) =>
        LockedAsync(
            async () =>
            {
                try
                {
                    return await (await GetAsync()).Turns.StartAsync(command);
                }
                catch (BetterElsewhereException)
                {
                    _hasLeft = true;
                    await CloseAsync();
                    throw;
                }
            },
            cancellationToken);

    public Task<TurnReader> ResumeAsync(ResumeStream request, CancellationToken cancellationToken) =>
        LockedAsync(async () => await (await GetAsync()).Turns.ResumeAsync(request), cancellationToken);

    public Task<bool> CancelAsync(string? turnId, CancellationToken cancellationToken) =>
        LockedAsync(async () => await (await GetAsync()).Turns.CancelAsync(turnId), cancellationToken);

    public Task<SessionInfo> RollBackAsync(RollbackSession request, CancellationToken cancellationToken) =>
        EditAsync(session => session.Edits.RollBackAsync(request), cancellationToken);

    public Task<SessionInfo> AddCheckpointAsync(string name, int? position, CancellationToken cancellationToken) =>
        EditAsync(session => session.Edits.AddCheckpointAsync(name, position), cancellationToken);

    public Task<SessionInfo> RemoveCheckpointAsync(string name, CancellationToken cancellationToken) =>
        EditAsync(session => session.Edits.RemoveCheckpointAsync(name), cancellationToken);

    public Task<SessionInfo> ForkAsync(ForkSession request, CancellationToken cancellationToken) =>
        EditAsync(session => session.Edits.ForkAsync(request), cancellationToken);

    public Task<SessionInfo> SleepAsync(CancellationToken cancellationToken) => EditAsync(session => session.SleepAsync(), cancellationToken);

    public Task<SessionExport> ExportAsync(bool withState, CancellationToken cancellationToken) =>
        LockedAsync(async () => await (await GetAsync()).ExportAsync(withState), cancellationToken);

    public Task<SessionInfo> ImportAsync(Stream archive, string? model, CancellationToken cancellationToken) => LockedAsync(
        async () =>
        {
            await new SessionImport(sessionId, services).RunAsync(archive, model, cancellationToken);
            return (await GetAsync()).Info();
        },
        cancellationToken);

    public Task<bool> DeleteAsync(CancellationToken cancellationToken) => LockedAsync(
        async () =>
        {
            await DeleteAsync(await GetAsync());
            return true;
        },
        cancellationToken);

    /// <summary>Interrupts what runs and lets nobody in any more: the session goes on elsewhere.</summary>
    public Task<LeaveReport> LeaveAsync(CancellationToken cancellationToken) => LockedAsync(
        async () =>
        {
            var session = await GetAsync();
            var turn = session.Turns.Running?.Buffer;
            _hasLeft = true;
            await session.Turns.InterruptAsync(new OrleansLMException(ErrorCode.Unavailable, "the session moves to another silo") { RetryAfter = TimeSpan.Zero });
            var length = turn is null ? session.Turns.Length : turn.Turn.GenerationStart + turn.TokenCount;
            var report = new LeaveReport { Length = length, TurnId = turn?.Turn.TurnId };
            await CloseAsync();
            return report;
        },
        cancellationToken);

    /// <summary>Makes an interrupted turn go on; ends when it has produced something, or ended.</summary>
    public async Task<ReviveReport> ReviveAsync(string? turnId, CancellationToken cancellationToken)
    {
        var reader = await LockedAsync(async () => await (await GetAsync()).Turns.ReviveAsync(turnId), cancellationToken);
        if (reader is not null)
        {
            await reader.ReadToNewsAsync(cancellationToken);
        }

        return new ReviveReport { Silo = services.Owner, IsRunning = reader is not null };
    }

    /// <summary>Stops what runs, so that it goes on when it is resumed, and gives the engine's state back.</summary>
    public async Task StopAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_session is { } session)
            {
                await session.SettleAsync();
            }

            await CloseAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    private SessionRecord NewRecord(CreateSession request, string model)
    {
        var now = services.Now;
        var timeToLive = request.TimeToLive ?? services.Options.DefaultTimeToLive;
        return new SessionRecord
        {
            SessionId = sessionId,
            Model = model,
            CreateTime = now,
            UpdateTime = now,
            TimeToLive = timeToLive,
            ExpireTime = now + timeToLive,
            Tenant = request.Tenant,
            Metadata = request.Metadata,
            SamplingDefaults = request.SamplingDefaults,
            StopDefaults = request.StopDefaults,
        };
    }

    private Task<SessionInfo> EditAsync(Func<Session, Task> edit, CancellationToken cancellationToken) => LockedAsync(
        async () =>
        {
            var session = await GetAsync();
            await edit(session);
            return session.Info();
        },
        cancellationToken);

    private async Task<T> LockedAsync<T>(Func<Task<T>> operation, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _hasLeft ? throw Moving() : await operation();
        }
        catch (OrleansLMException failure) when (failure.Reason == "SESSION_MOVED")
        {
            _session?.State.MarkStale();
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Session> GetAsync()
    {
        if (_session is { State.IsStale: true })
        {
            await CloseAsync();
        }

        _session ??= await Session.OpenAsync(sessionId, services, SpillAsync) ?? throw NotFound();
        if (_session.IsExpired)
        {
            await DeleteAsync(_session);
            services.Metrics.SessionExpired();
            throw NotFound();
        }

        return _session;
    }

    private async Task DeleteAsync(Session session)
    {
        await session.Turns.CancelAndWaitAsync();
        await services.Log.DeleteAsync(session.State.Handle);
        await CloseAsync();
        services.Snapshots?.DeleteSession(sessionId);
    }

    private async Task CloseAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync();
        }
    }

    /// <summary>Memory is wanted: the state goes to a snapshot, unless the session is in use again. When it cannot, the engine drops it and it is computed when it is needed.</summary>
    private Task SpillAsync() => Task.Run(async () =>
    {
        try
        {
            await LockedAsync(async () => await SleepIfIdleAsync(), CancellationToken.None);
        }
        catch (OrleansLMException)
        {
            // Said in the log by those who know: no room for snapshots, a disk that fails.
        }
    });

    private async Task<bool> SleepIfIdleAsync()
    {
        if (_session is not { State: { IsStale: false, ActiveTurn: null } } session)
        {
            return false;
        }

        await session.SleepAsync();
        return true;
    }

    /// <summary>What those are told who call a session that is about to be on another silo.</summary>
    public static OrleansLMException Moving() => new(ErrorCode.Unavailable, "the session is moving to another silo: try again")
    {
        Reason = "SESSION_MOVED",
        RetryAfter = TimeSpan.Zero,
    };

    private OrleansLMException NotFound() => new(ErrorCode.NotFound, $"there is no session '{sessionId}'") { Field = "session_id", Reason = "SESSION_NOT_FOUND" };
}
