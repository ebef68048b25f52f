using System.Diagnostics;
using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using OrleansLM.Contracts.Diagnostics;
using OrleansLM.Contracts.Grains;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Archives;
using OrleansLM.Silo.Diagnostics;
using OrleansLM.Silo.Placement;

namespace OrleansLM.Silo.Sessions;

/// <summary>
/// The address of a session in the cluster: at most one activation, on the silo that holds its state. Everything else is <see cref="SessionOwner"/>.
/// Reentrant, so that streams, cancellations and forks pass while a turn runs.
/// </summary>
[Reentrant]
[SessionPlacement]
public sealed class SessionGrain : Grain, ISessionGrain
{
    private static readonly TimeSpan s_keepAlivePeriod = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_lingerPeriod = TimeSpan.FromSeconds(10);

    private readonly SessionServices _services;
    private readonly SessionOwner _owner;
    private IGrainTimer? _keepAlive;
    private IGrainTimer? _linger;
    private readonly Dictionary<string, TurnReader?> _namedStreams = [];
    private int _openStreams;
    private bool _isLeaving;
    private ArchiveUpload? _upload;

    public SessionGrain(SessionServices services)
    {
        _services = services;
        _owner = new SessionOwner(this.GetPrimaryKeyString(), services);
    }

    public Task<SessionInfo> CreateAsync(CreateSession request, CancellationToken cancellationToken = default) =>
        GuardAsync(_owner.CreateAsync(request, cancellationToken));

    public Task<SessionInfo> GetAsync(CancellationToken cancellationToken = default) => GuardAsync(_owner.InfoAsync(cancellationToken));

    public Task DeleteAsync(CancellationToken cancellationToken = default) => GuardAsync(_owner.DeleteAsync(cancellationToken));

    public async IAsyncEnumerable<TurnEvent> RunTurnAsync(TurnCommand command, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stream = OpenStream(command.StreamId);
        using var span = StartSpan("session.run_turn");
        var reader = stream.Reads(await StartTurnAsync(command, cancellationToken));
        KeepAlive();
        var ended = false;
        try
        {
            await foreach (var item in reader.ReadAsync(cancellationToken))
            {
                ended |= item.Kind == TurnEventKind.Finished;
                yield return item;
            }
        }
        finally
        {
            if (!ended && command.OnDisconnect == DisconnectPolicy.Cancel)
            {
                await _owner.CancelAsync(reader.TurnId, CancellationToken.None);
            }
        }
    }

    public async IAsyncEnumerable<TurnEvent> ResumeAsync(ResumeStream request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stream = OpenStream(request.StreamId);
        using var span = StartSpan("session.resume");
        var reader = stream.Reads(await _owner.ResumeAsync(request, cancellationToken));
        KeepAlive();
        await foreach (var item in reader.ReadAsync(cancellationToken))
        {
            yield return item;
        }
    }

    public Task<bool> HasStreamAsync(string streamId, int? awaited = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(_namedStreams.TryGetValue(streamId, out var reader) && !(awaited is { } offset && reader?.HasFrom(offset) == true));

    public Task<bool> CancelAsync(string? turnId, CancellationToken cancellationToken = default) => GuardAsync(_owner.CancelAsync(turnId, cancellationToken));

    public async Task<SessionInfo> ForkAsync(ForkSession request, CancellationToken cancellationToken = default)
    {
        await GuardAsync(_owner.ForkAsync(request, cancellationToken));
        try
        {
            // The child wakes up on this silo and takes the forked state over.
            PlaceAt(_services.Silo);
            return await GrainFactory.GetGrain<ISessionGrain>(request.NewSessionId).GetAsync(cancellationToken);
        }
        finally
        {
            if (_services.Handover.Take(request.NewSessionId) is { } left)
            {
                await left.DisposeAsync();
            }
        }
    }

    public Task<SessionInfo> RollbackAsync(RollbackSession request, CancellationToken cancellationToken = default) =>
        GuardAsync(_owner.RollBackAsync(request, cancellationToken));

    public Task<SessionInfo> CreateCheckpointAsync(string name, int? position, CancellationToken cancellationToken = default) =>
        GuardAsync(_owner.AddCheckpointAsync(name, position, cancellationToken));

    public Task<SessionInfo> DeleteCheckpointAsync(string name, CancellationToken cancellationToken = default) =>
        GuardAsync(_owner.RemoveCheckpointAsync(name, cancellationToken));

    public Task<SessionInfo> SleepAsync(CancellationToken cancellationToken = default) => GuardAsync(_owner.SleepAsync(cancellationToken));

    public async IAsyncEnumerable<byte[]> ExportAsync(bool withState, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var export = await GuardAsync(_owner.ExportAsync(withState, cancellationToken));
        await foreach (var piece in export.ReadAsync(cancellationToken))
        {
            yield return piece;
        }
    }

    public async Task<SessionInfo?> ImportAsync(ArchiveChunk chunk, CancellationToken cancellationToken = default)
    {
        if (_upload is { } other && other.TransferId != chunk.TransferId)
        {
            _upload = null;
            await other.DisposeAsync();
        }

        _upload ??= new ArchiveUpload(chunk.TransferId);
        await _upload.AddAsync(chunk);
        if (!chunk.IsLast)
        {
            return null;
        }

        await using var upload = _upload;
        _upload = null;
        return await GuardAsync(_owner.ImportAsync(upload.Rewind(), chunk.Model, cancellationToken));
    }

    public Task<SessionHistory> GetHistoryAsync(int start, int end, CancellationToken cancellationToken = default) =>
        GuardAsync(_owner.HistoryAsync(start, end, cancellationToken));

    public async Task<LeaveReport> LeaveAsync(string? target, CancellationToken cancellationToken = default)
    {
        var report = await GuardAsync(_owner.LeaveAsync(cancellationToken));
        PlaceAt(target is null ? null : SiloAddress.FromParsableString(target));
        MigrateOnIdle();
        return report;
    }

    public Task<ReviveReport> ReviveAsync(string? turnId, CancellationToken cancellationToken = default)
    {
        KeepAlive();
        return GuardAsync(_owner.ReviveAsync(turnId, cancellationToken));
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _isLeaving = true;
        _keepAlive?.Dispose();
        _linger?.Dispose();
        if (_upload is { } upload)
        {
            await upload.DisposeAsync();
        }

        await _owner.StopAsync();
    }

    private static void PlaceAt(SiloAddress? silo)
    {
        if (silo is not null)
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        }
    }

    /// <summary>A session that had better begin elsewhere goes there; its caller comes again.</summary>
    private async Task<TurnReader> StartTurnAsync(TurnCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await _owner.StartTurnAsync(command, cancellationToken);
        }
        catch (BetterElsewhereException better)
        {
            PlaceAt(better.Silo);
            MigrateOnIdle();
            throw SessionOwner.Moving();
        }
    }

    /// <summary>A session that does not exist, or no longer, needs no activation, once nobody can be reading from it.</summary>
    private async Task<T> GuardAsync<T>(Task<T> operation)
    {
        try
        {
            return await operation;
        }
        finally
        {
            if (!_owner.IsLoaded && _openStreams == 0 && _linger is null)
            {
                DeactivateOnIdle();
            }
        }
    }

    private Activity? StartSpan(string name) => SiloMetrics.Activities.StartActivity(name, ActivityKind.Server, TraceContext.Received())
        ?.SetTag("orleanslm.session", this.GetPrimaryKeyString());

    private StreamScope OpenStream(string? id)
    {
        _openStreams++;
        if (id is not null)
        {
            _namedStreams[id] = null;
        }

        return new StreamScope(this, id);
    }

    /// <summary>
    /// The last step of a stream waits here for its reader after the stream has ended, and goes with the activation. So an activation that has had streams
    /// stays for a while, also when there is no session.
    /// </summary>
    private void CloseStream(string? id)
    {
        _openStreams--;
        if (id is not null)
        {
            _namedStreams.Remove(id);
        }

        if (_isLeaving)
        {
            return;
        }

        _linger ??= this.RegisterGrainTimer(LeaveIfUnused, new GrainTimerCreationOptions { DueTime = s_lingerPeriod, Period = s_lingerPeriod, Interleave = true });
        _linger.Change(s_lingerPeriod, s_lingerPeriod);
    }

    private Task LeaveIfUnused(CancellationToken cancellationToken)
    {
        if (_openStreams == 0)
        {
            _linger?.Dispose();
            _linger = null;
            if (!_owner.IsLoaded)
            {
                DeactivateOnIdle();
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>A turn that nobody reads must not lose its activation for being idle.</summary>
    private void KeepAlive() => _keepAlive ??= this.RegisterGrainTimer(
        _ =>
        {
            if (!_owner.IsRunning)
            {
                _keepAlive?.Dispose();
                _keepAlive = null;
            }

            return Task.CompletedTask;
        },
        new GrainTimerCreationOptions { DueTime = s_keepAlivePeriod, Period = s_keepAlivePeriod, Interleave = true, KeepAlive = true });

    private readonly struct StreamScope(SessionGrain grain, string? id) : IDisposable
    {
        public TurnReader Reads(TurnReader reader)
        {
            if (id is not null)
            {
                grain._namedStreams[id] = reader;
            }

            return reader;
        }

        public void Dispose() => grain.CloseStream(id);
    }
}
