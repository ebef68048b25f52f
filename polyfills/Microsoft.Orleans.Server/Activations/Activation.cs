using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Messaging;
using Orleans.Runtime.Migration;
using Orleans.Runtime.Scheduling;
using Orleans.Timers;

namespace Orleans.Runtime.Activations;

/// <summary>
/// One activation: it enters itself in the directory, runs requests and timer ticks on its scheduler one turn at a time, and ends when it is told to and nothing
/// runs any more. What waits then is sent on.
/// </summary>
internal sealed partial class Activation : IGrainContext, ICollectibleContext, ITimerHost, ICallChainReentrantContext
{
    private readonly Lock _state = new();
    private readonly ActivationHost _host;
    private readonly GrainTaskScheduler _scheduler;
    private readonly RequestQueue _requests;
    private readonly IncomingRequests _incoming;
    private readonly GrainLifecycle _lifecycle;
    private readonly List<GrainTimer> _timers = [];
    private readonly TaskCompletionSource<bool> _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _activating = new();
    private readonly MigratingGrain? _arriving;
    private AsyncServiceScope _scope;
    private GrainReference? _reference;
    private DeactivationReason _reason;
    private CancellationToken _deactivationCancellation;
    private MigrationRequest? _migration;
    private bool _wasValid;
    private long _lastUse;
    private long _keepUntil = long.MinValue;

    public Activation(ActivationHost host, GrainClass grainClass, GrainId grain, MigratingGrain? arriving)
    {
        _host = host;
        _arriving = arriving;
        Class = grainClass;
        Address = new GrainAddress
        {
            GrainId = grain,
            ActivationId = ActivationId.NewId(),
            SiloAddress = host.Silo.SiloAddress,
            MembershipVersion = host.Membership.CurrentSnapshot.Version,
        };
        _scheduler = new GrainTaskScheduler(this, host.Runtime);
        _requests = new RequestQueue(grainClass.IsReentrant);
        _lifecycle = new GrainLifecycle(this, host.Logger);
        Streams = new ActivationStreams(this, host);
        _incoming = new IncomingRequests(this, host);
        _lastUse = host.Time.GetTimestamp();
    }

    public GrainClass Class { get; }

    public GrainAddress Address { get; }

    public GrainId GrainId => Address.GrainId;

    public ActivationId ActivationId => Address.ActivationId;

    public object? GrainInstance { get; private set; }

    public GrainReference GrainReference => _reference ??= _host.References.Create(GrainId, typeof(IAddressable));

    public IServiceProvider ActivationServices => _scope.ServiceProvider;

    public IGrainLifecycle ObservableLifecycle => _lifecycle;

    public Task Deactivated => _deactivated.Task;

    /// <summary>Whether the directory has this activation, once that is known; false when it has another one instead.</summary>
    public Task<bool> Registered => _registered.Task;

    public ActivationStreams Streams { get; }

    public ActivationState State { get; private set; } = ActivationState.Activating;

    /// <summary>Starts to activate; requests may be given to it before.</summary>
    public void Start() => _scheduler.Post(static a => _ = ((Activation)a!).ActivateAsync(), this);

    /// <summary>Takes work in: it runs, waits, or is sent on when this activation is gone.</summary>
    public void Receive(IActivationWork work)
    {
        lock (_state)
        {
            if (State != ActivationState.Invalid && !IsFull(work))
            {
                _requests.Add(work);
                StartWork();
                return;
            }
        }

        if (State != ActivationState.Invalid)
            Refuse((Message)work);
        else
            SendOn(work);
    }

    /// <summary>Cancels a request that is here: a waiting one is taken out, a running one has its token cancelled on a turn.</summary>
    public void Cancel(Message cancel)
    {
        Message? waiting;
        Message? running;
        lock (_state)
        {
            waiting = Find(_requests.Waiting, cancel);
            running = Find(_requests.Running, cancel);
            if (waiting is not null)
                _requests.RemoveWaiting(waiting);
        }

        if (waiting is not null)
            _host.Runtime.Respond(waiting, null, new OperationCanceledException("The request was cancelled before it started."));
        if (running is not null)
            _scheduler.Post(static m => ((Message)m!).Call!.Cancel(), running);
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_state)
        {
            if (State is ActivationState.Deactivating or ActivationState.Invalid)
                return;

            bool isActivating = State == ActivationState.Activating;
            State = ActivationState.Deactivating;
            _reason = deactivationReason;
            _deactivationCancellation = cancellationToken;
            if (isActivating)
                _scheduler.Post(static a => ((Activation)a!)._activating.Cancel(), this);
            else
                BeginEnd();
        }
    }

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default)
        => _ = MigrateAsync(requestContext, cancellationToken);

    public void DelayDeactivation(TimeSpan timeSpan)
    {
        if (timeSpan == Timeout.InfiniteTimeSpan || timeSpan == TimeSpan.MaxValue)
            _keepUntil = long.MaxValue;
        else
            _keepUntil = timeSpan <= TimeSpan.Zero ? long.MinValue : _host.Time.GetTimestamp() + (long)(timeSpan.TotalSeconds * _host.Time.TimestampFrequency);
    }

    /// <summary>Whether nothing has used this activation for the given time, and it may be collected.</summary>
    public bool IsIdleFor(TimeSpan age)
    {
        lock (_state)
        {
            return State == ActivationState.Valid && _requests.IsEmpty && _host.Time.GetTimestamp() > _keepUntil && _host.Time.GetElapsedTime(_lastUse) >= age;
        }
    }

    public IGrainTimer RegisterTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, _host, callback, options);
        lock (_timers)
            _timers.Add(timer);
        timer.Start(options.DueTime);
        return timer;
    }

    public void RemoveTimer(GrainTimer timer)
    {
        lock (_timers)
            _timers.Remove(timer);
    }

    public void OnEnterReentrantSection(Guid reentrancyId)
    {
        lock (_state)
            _requests.OpenChain(reentrancyId);
    }

    public void OnExitReentrantSection(Guid reentrancyId)
    {
        lock (_state)
            _requests.CloseChain(reentrancyId);
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override string ToString() => $"{GrainId}{ActivationId} on {Address.SiloAddress} ({State})";

    private bool IsFull(IActivationWork work)
        => work is Message { AlwaysInterleaves: false } && _host.MaxEnqueuedRequests > 0 && _requests.Waiting.Count >= _host.MaxEnqueuedRequests;

    private void Refuse(Message request) => _host.Runtime.Respond(
        request, null, new LimitExceededException(nameof(SiloMessagingOptions.MaxEnqueuedRequestsHardLimit), _requests.Waiting.Count, _host.MaxEnqueuedRequests, this));

    private static Message? Find(IReadOnlyList<IActivationWork> works, Message cancel)
    {
        foreach (IActivationWork work in works)
        {
            if (work is Message message && message.Id == cancel.Id && message.SendingSilo.Equals(cancel.SendingSilo))
                return message;
        }

        return null;
    }

    // Under the lock.
    private void StartWork()
    {
        while (State == ActivationState.Valid && _requests.TryStart() is { } work)
            _scheduler.Post(static w => ((RunningWork)w!).Start(), new RunningWork(this, work));
    }

    private async Task RunAsync(IActivationWork work)
    {
        try
        {
            await (work is Message request ? _incoming.RunAsync(request) : ((TimerTick)work).RunAsync());
        }
        finally
        {
            OnEnded(work);
        }
    }

    private void OnEnded(IActivationWork work)
    {
        lock (_state)
        {
            _requests.End(work);
            if (work.KeepsAlive)
                _lastUse = _host.Time.GetTimestamp();
            if (State == ActivationState.Valid)
                StartWork();
            else if (State == ActivationState.Deactivating && _requests.RunningCount == 0)
                _scheduler.Post(static a => _ = ((Activation)a!).EndAsync(), this);
        }
    }

    // Under the lock: what waits for something from outside is told to let go, then the last running work starts the end.
    private void BeginEnd()
    {
        _scheduler.Post(static a => ((Activation)a!).LetGo(), this);
        if (_requests.RunningCount == 0)
            _scheduler.Post(static a => _ = ((Activation)a!).EndAsync(), this);
    }

    private void SendOn(IActivationWork work)
    {
        if (work is Message request)
            _host.Runtime.Forward(request);
    }

    private sealed class RunningWork(Activation activation, IActivationWork work)
    {
        public void Start() => _ = activation.RunAsync(work);
    }
}
