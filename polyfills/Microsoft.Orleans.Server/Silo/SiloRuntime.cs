using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Activations;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Invocation;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Membership;
using Orleans.Runtime.Messaging;
using Orleans.Runtime.Migration;
using Orleans.Runtime.Placement;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>Routes the requests of this silo's grains and clients to the silos of their targets, and takes in what arrives.</summary>
internal sealed partial class SiloRuntime : CallRuntime, IMessageReceiver, ISiloPeer
{
    private readonly Catalog _catalog;
    private readonly GrainClasses _classes;
    private readonly IMessageTransport _transport;
    private readonly IActivationDirectory _directory;
    private readonly PlacementService _placement;
    private readonly SiloMembership _membership;
    private readonly SiloMessagingOptions _options;
    private readonly SystemTargets _system;
    private readonly ILogger _logger;
    private readonly RelayedRequests _relayed = new();

    public SiloRuntime(
        ILocalSiloDetails silo,
        Catalog catalog,
        GrainClasses classes,
        IMessageTransport transport,
        IActivationDirectory directory,
        PlacementService placement,
        SiloMembership membership,
        SystemTargets system,
        GrainReferences references,
        DeepCopier copier,
        MessageCodec codec,
        TimeProvider time,
        IOptions<SiloMessagingOptions> options,
        IEnumerable<IOutgoingGrainCallFilter> filters,
        ILogger<SiloRuntime> logger)
        : base(copier, codec, time, options.Value, filters)
    {
        Address = silo.SiloAddress;
        _catalog = catalog;
        _classes = classes;
        _transport = transport;
        _directory = directory;
        _placement = placement;
        _membership = membership;
        _options = options.Value;
        _system = system;
        _logger = logger;
        _membership.SiloDied += OnSiloDied;
        references.Runtime = this;
    }

    public override SiloAddress Address { get; }

    public SiloManifest Manifest => _classes.Manifest;

    public async Task<bool> AcceptAsync(MigratingGrain grain)
    {
        Activation? activation;
        while ((activation = _catalog.TryStart(grain.From.GrainId, grain)) is null)
        {
            // One may be here that is about to go away: started by a call, it finds that the directory has the other; or it has moved there itself just now.
            if (_catalog.Find(grain.From.GrainId) is not { State: not ActivationState.Valid } existing)
                return false;
            if (existing.State == ActivationState.Activating && await existing.Registered)
                return false;
            await existing.Deactivated;
        }

        return await activation.Registered;
    }

    public void Respond(Message request, object? result, Exception? exception)
    {
        if (request.Kind == MessageKind.OneWay)
            return;

        Message response = request.CreateResponse(result, exception);
        if (request.SendingSilo.Equals(Address))
            Complete(response);
        else
            _transport.TrySend(request.SendingSilo, response);
    }

    /// <summary>Sends a request on whose activation is not here any more.</summary>
    public void Forward(Message request)
    {
        if (++request.ForwardCount > _options.MaxForwardCount)
            Respond(request, null, new OrleansMessageRejectionException($"{request} was sent on {request.ForwardCount} times without reaching an activation."));
        else
            _ = FindAndSendAsync(request);
    }

    protected override void Route(Message request)
    {
        if (SystemTargets.Has(request.Target))
            RouteToSystem(request);
        else if (_catalog.Find(request.Target) is not { } activation)
            _ = FindAndSendAsync(request);
        else if (TrySetAddress(request, Address))
            Deliver(request, activation);
    }

    protected override void SendTo(SiloAddress silo, Message message)
    {
        if (silo.Equals(Address))
            Receive(message);
        else
            _transport.TrySend(silo, message);
    }

    protected override void OnTick() => _relayed.Expire(Time.GetTimestamp());

    protected override void Dispose(bool disposing)
    {
        _membership.SiloDied -= OnSiloDied;
        base.Dispose(disposing);
    }

    private void RouteToSystem(Message request)
    {
        SiloAddress silo = _system.SiloOf(request.Target, Address);
        if (!TrySetAddress(request, silo))
            Respond(request, null, new OperationCanceledException("The request was cancelled before it was sent."));
        else if (silo.Equals(Address))
            _ = RunSystemAsync(request);
        else if (!_transport.TrySend(silo, request))
            Respond(request, null, new SiloUnavailableException($"Silo {silo}, which {request} was to go to, cannot be reached."));
    }

    private async Task RunSystemAsync(Message request)
    {
        await Task.Yield();
        try
        {
            Codec.DecodeBody(request);
            Respond(request, await _system.InvokeAsync(request), null);
        }
        catch (Exception exception)
        {
            Respond(request, null, exception);
        }
    }

    private void Deliver(Message request, Activation activation)
    {
        try
        {
            Codec.DecodeBody(request);
        }
        catch (Exception exception)
        {
            Respond(request, null, new OrleansMessageRejectionException($"The request {request} cannot be read: {exception.Message}", exception));
            return;
        }

        activation.Receive(request);
    }

    private async Task FindAndSendAsync(Message request)
    {
        try
        {
            SiloAddress silo = await FindSiloAsync(request);
            if (!TrySetAddress(request, silo))
                Respond(request, null, new OperationCanceledException("The request was cancelled before it was sent."));
            else if (silo.Equals(Address))
                ReceiveHere(request);
            else
                await SendOnAsync(request, silo);
        }
        catch (Exception exception)
        {
            Respond(request, null, exception);
        }
    }

    private async Task SendOnAsync(Message request, SiloAddress silo)
    {
        if (!request.SendingSilo.Equals(Address))
            TellMoved(request, silo);
        if (!_transport.TrySend(silo, request))
            await OnUnreachableAsync(request, new SiloUnavailableException($"There is no connection with {silo}."));
    }

    // What this silo remembers is used the first time only: when that was wrong, the directory itself is asked.
    private async Task<SiloAddress> FindSiloAsync(Message request)
    {
        request.IsPlaced = false;
        GrainAddress? address = await _directory.LookupAsync(request.Target, useCache: request.ForwardCount == 0);
        if (address is not null && Address.Equals(address.SiloAddress) && _catalog.Find(request.Target) is null)
        {
            await _directory.UnregisterAsync(address);
            address = null;
        }

        if (address is not null)
            return address.SiloAddress!;

        Codec.DecodeBody(request);
        request.IsPlaced = true;
        return await _placement.PlaceAsync(new PlacementTarget(request.Target, request.RequestContext, request.Call!.Method.Interface.Name, 0));
    }

    // The request did not leave, so it may be sent elsewhere: to where the grain is by then.
    private async Task OnUnreachableAsync(Message request, Exception reason)
    {
        SiloAddress silo = request.TargetSilo!;
        _directory.Invalidate(request.Target, silo);
        if (SystemTargets.Has(request.Target) || request.ForwardCount >= _options.MaxForwardCount)
        {
            Respond(request, null, new SiloUnavailableException($"Silo {silo}, which {request} was to go to, cannot be reached: {reason.Message}", reason));
            return;
        }

        try
        {
            await _membership.Refresh();
            Forward(request);
        }
        catch (Exception exception)
        {
            Respond(request, null, exception);
        }
    }
}
