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
internal sealed class SiloRuntime : CallRuntime, IMessageReceiver, ISiloPeer
{
    private readonly Catalog _catalog;
    private readonly GrainClasses _classes;
    private readonly IMessageTransport _transport;
    private readonly IActivationDirectory _directory;
    private readonly PlacementService _placement;
    private readonly SiloMembership _membership;
    private readonly SiloMessagingOptions _options;

    public SiloRuntime(
        ILocalSiloDetails silo,
        Catalog catalog,
        GrainClasses classes,
        IMessageTransport transport,
        IActivationDirectory directory,
        PlacementService placement,
        SiloMembership membership,
        GrainReferences references,
        DeepCopier copier,
        TimeProvider time,
        IOptions<SiloMessagingOptions> options,
        IEnumerable<IOutgoingGrainCallFilter> filters)
        : base(copier, time, options.Value, filters)
    {
        Address = silo.SiloAddress;
        _catalog = catalog;
        _classes = classes;
        _transport = transport;
        _directory = directory;
        _placement = placement;
        _membership = membership;
        _options = options.Value;
        _membership.SiloDied += OnSiloDied;
        references.Runtime = this;
    }

    public override SiloAddress Address { get; }

    public SiloManifest Manifest => _classes.Manifest;

    public void Receive(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.Response:
                Complete(message);
                break;
            case MessageKind.Cancel:
                _catalog.Find(message.Target)?.Cancel(message);
                break;
            default:
                ReceiveRequest(message);
                break;
        }
    }

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
        if (_catalog.Find(request.Target) is not { } activation)
            _ = FindAndSendAsync(request);
        else if (TrySetAddress(request, Address))
            activation.Receive(request);
    }

    protected override void SendTo(SiloAddress silo, Message message)
    {
        if (silo.Equals(Address))
            Receive(message);
        else
            _transport.TrySend(silo, message);
    }

    protected override void Dispose(bool disposing)
    {
        _membership.SiloDied -= OnSiloDied;
        base.Dispose(disposing);
    }

    private void ReceiveRequest(Message request)
    {
        // A client has no directory: it leaves the routing to the silo that it is connected to.
        if (request.TargetSilo is null)
        {
            Route(request);
            return;
        }

        try
        {
            if (_catalog.GetOrStart(request.Target) is { } activation)
                activation.Receive(request);
            else
                Forward(request);
        }
        catch (Exception exception)
        {
            Respond(request, null, exception);
        }
    }

    private async Task FindAndSendAsync(Message request)
    {
        try
        {
            SiloAddress silo = await FindSiloAsync(request);
            if (!TrySetAddress(request, silo))
                Respond(request, null, new OperationCanceledException("The request was cancelled before it was sent."));
            else if (silo.Equals(Address))
                ReceiveRequest(request);
            else if (!_transport.TrySend(silo, request))
                await OnUnreachableAsync(request, silo);
        }
        catch (Exception exception)
        {
            Respond(request, null, exception);
        }
    }

    private async Task<SiloAddress> FindSiloAsync(Message request)
    {
        if (await _directory.LookupAsync(request.Target) is { } address)
            return address.SiloAddress!;

        var target = new PlacementTarget(request.Target, request.RequestContext, request.Call!.Method.Interface.Name, 0);
        return await _placement.PlaceAsync(target);
    }

    // The request did not leave, so it may be sent elsewhere: to where the grain is by then.
    private async Task OnUnreachableAsync(Message request, SiloAddress silo)
    {
        await _membership.Refresh();
        if (request.ForwardCount < _options.MaxForwardCount)
            Forward(request);
        else
            Respond(request, null, new SiloUnavailableException($"Silo {silo}, which {request} was to go to, cannot be reached."));
    }

    private void OnSiloDied(SiloAddress silo)
    {
        _directory.RemoveSilo(silo);
        FailPending(r => silo.Equals(r.TargetSilo), c => new SiloUnavailableException($"Silo {silo}, which had {c.Request}, is gone."));
    }
}
