using Orleans.Configuration;
using Orleans.Runtime.Filters;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Scheduling;
using Orleans.Serialization;

namespace Orleans.Runtime.Messaging;

/// <summary>The caller's side of grain calls, for silos and clients: copies arguments, runs outgoing filters, waits for responses.</summary>
internal abstract class CallRuntime : IDisposable
{
    private readonly MessagingOptions _options;
    private readonly IOutgoingGrainCallFilter[] _filters;
    private readonly ITimer _timeouts;

    protected CallRuntime(DeepCopier copier, MessageCodec codec, TimeProvider time, MessagingOptions options, IEnumerable<IOutgoingGrainCallFilter> filters)
    {
        Copier = copier;
        Codec = codec;
        Time = time;
        _options = options;
        _filters = [.. filters];
        TimeSpan period = TimeSpan.FromMilliseconds(Math.Clamp(options.ResponseTimeout.TotalMilliseconds / 10, 10, 500));
        _timeouts = time.CreateTimer(static runtime => ((CallRuntime)runtime!).EndOverdueCalls(), this, period, period);
    }

    public abstract SiloAddress Address { get; }

    /// <summary>The id that calls from outside of grains come from.</summary>
    public GrainId ClientId { get; } = GrainId.Create("sys.client", Guid.NewGuid().ToString("N"));

    public DeepCopier Copier { get; }

    public TimeProvider Time { get; }

    protected MessageCodec Codec { get; }

    public TimeSpan ResponseTimeout => _options.ResponseTimeout;

    protected PendingCalls Pending { get; } = new();

    /// <summary>The runtime for a call: that of the grain whose turn this is, else the one that made the reference.</summary>
    public static CallRuntime For(GrainReference reference) => GrainTaskScheduler.Current?.Runtime ?? reference.Shared.Runtime;

    /// <summary>Makes the call. Failures are the pending call's, never thrown.</summary>
    public void Call(GrainReference target, MethodCall call, PendingCall pending)
    {
        try
        {
            if (_filters.Length == 0 || call.Method.Interface.IsSystem)
                Send(target, call, pending);
            else
                _ = new OutgoingCall(this, target, call, _filters).RunAsync(pending);
        }
        catch (Exception exception)
        {
            pending.SetException(exception);
        }
    }

    /// <summary>Copies the arguments and sends the request.</summary>
    public void Send(GrainReference target, MethodCall call, PendingCall pending)
    {
        CancellationToken token = call.TakeCancellationToken();
        if (token.IsCancellationRequested)
        {
            pending.SetCancelled(token);
            return;
        }

        Copier.CopyArguments(call);
        Message request = CreateRequest(target.GrainId, call, call.Method.ResponseTimeout ?? _options.ResponseTimeout);
        if (request.Kind == MessageKind.OneWay)
        {
            Route(request);
            pending.SetResult(null);
            return;
        }

        pending.Bind(request, call.Method.ResponseTimeout ?? _options.ResponseTimeout);
        Pending.Add(pending);
        if (token.CanBeCanceled)
            pending.OnCancelled(token, CancelByCaller);
        Route(request);
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes a response in.</summary>
    public void Complete(Message response)
    {
        if (Pending.Remove(response.Id) is not { } pending)
            return;

        try
        {
            Codec.DecodeBody(response);
        }
        catch (Exception unreadable)
        {
            pending.SetException(new OrleansMessageRejectionException($"The response to {pending.Request} cannot be read: {unreadable.Message}", unreadable));
            return;
        }

        if (response.Exception is { } exception)
            pending.SetException(exception);
        else
            pending.SetResult(response.Result);
    }

    /// <summary>Finds the silo of the request's target and sends it there.</summary>
    protected abstract void Route(Message request);

    /// <summary>Sends a message to a silo that was found before.</summary>
    protected abstract void SendTo(SiloAddress silo, Message message);

    protected virtual void Dispose(bool disposing) => _timeouts.Dispose();

    protected void FailPending(Func<Message, bool> which, Func<PendingCall, Exception> failure) => Pending.Fail(which, failure);

    /// <summary>Gives the request the address that was found for it; false when its caller has cancelled it meanwhile.</summary>
    protected static bool TrySetAddress(Message request, SiloAddress silo)
    {
        lock (request)
        {
            request.TargetSilo = silo;
            return !request.IsCancelled;
        }
    }

    /// <summary>The sender's side of a request learns to which silo it was sent on.</summary>
    protected static void SetMoved(PendingCall? pending, SiloAddress silo)
    {
        if (pending is null)
            return;

        bool isCancelled;
        lock (pending.Request)
        {
            isCancelled = pending.Request.IsCancelled;
            pending.Request.TargetSilo = silo;
        }

        if (isCancelled)
            pending.CancelAgain();
    }

    private Message CreateRequest(GrainId target, MethodCall call, TimeSpan timeout) => new()
    {
        Kind = call.Method.IsOneWay ? MessageKind.OneWay : MessageKind.Request,
        Id = Pending.NextId(),
        Target = target,
        Sender = GrainTaskScheduler.CurrentContext?.GrainId ?? ClientId,
        SendingSilo = Address,
        Call = call,
        RequestContext = Copier.CopyRequestContext(RequestContext.Current),
        Deadline = timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : Time.GetTimestamp() + (long)(timeout.TotalSeconds * Time.TimestampFrequency),
    };

    private void CancelByCaller(PendingCall pending, CancellationToken token)
    {
        pending.CancelAgain = () => CancelWhereItRuns(pending.Request);
        CancelWhereItRuns(pending.Request);
        if (!_options.WaitForCancellationAcknowledgement)
            Pending.Remove(pending.Request.Id)?.SetCancelled(token);
    }

    private void CancelWhereItRuns(Message request)
    {
        lock (request)
        {
            request.IsCancelled = true;
            if (request.TargetSilo is null)
                return;
        }

        var cancel = new Message { Kind = MessageKind.Cancel, Id = request.Id, Target = request.Target, Sender = request.Sender, SendingSilo = Address };
        cancel.TargetSilo = request.TargetSilo;
        SendTo(request.TargetSilo, cancel);
    }

    /// <summary>Called several times per response timeout.</summary>
    protected virtual void OnTick()
    {
    }

    private void EndOverdueCalls()
    {
        OnTick();
        foreach (PendingCall call in Pending.Overdue(Time.GetTimestamp()))
        {
            if (Pending.Remove(call.Request.Id) is null)
                continue;

            if (_options.CancelRequestOnTimeout)
                CancelWhereItRuns(call.Request);
            call.SetException(new TimeoutException($"No response to {call.Request} within {call.Timeout}."));
        }
    }
}
