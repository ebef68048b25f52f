using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>What arrives, and what the transport tells.</summary>
internal sealed partial class SiloRuntime
{
    public void Receive(Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.Response:
                ReceiveResponse(message);
                break;
            case MessageKind.Cancel:
                ReceiveCancel(message);
                break;
            case MessageKind.Moved:
                ReceiveMoved(message);
                break;
            default:
                ReceiveRequest(message);
                break;
        }
    }

    public void OnUnsent(Message message, Exception reason) => _ = OnUnreachableAsync(message, reason);

    public void OnRefused(Message message, Exception reason)
    {
        if (message.IsRequest)
            Respond(message, null, reason);
    }

    public void OnDisconnected(SiloAddress peer, Exception? reason)
    {
        FailPending(r => peer.Equals(r.TargetSilo), c => new SiloUnavailableException($"The connection with silo {peer}, which had {c.Request}, has ended.", reason!));
        foreach (Message request in _relayed.TakeOf(peer))
            Respond(request, null, new SiloUnavailableException($"The connection with silo {peer}, which had {request}, has ended."));
    }

    public string? WhyRefused(SiloAddress peer)
        => _membership.CurrentSnapshot.GetSiloStatus(peer) == SiloStatus.Dead ? $"{peer} was declared dead, as this silo, {Address}, knows" : null;

    public void OnDisowned(SiloAddress by)
    {
        LogDisowned(by);
        _ = _membership.Refresh().AsTask();
    }

    private void ReceiveResponse(Message response)
    {
        // The response to a client's request, which came through this silo.
        if (response.TargetSilo is { IsClient: true } client && !client.Equals(Address))
        {
            _relayed.Remove(client, response.Id);
            if (!response.SendingSilo.Equals(Address))
                _transport.TrySend(client, response);
            return;
        }

        Complete(response);
    }

    private void ReceiveCancel(Message cancel)
    {
        if (_relayed.Find(cancel.SendingSilo, cancel.Id) is { } request)
            CancelRelayed(request, cancel);
        else
            _catalog.Find(cancel.Target)?.Cancel(cancel);
    }

    private void CancelRelayed(Message request, Message cancel)
    {
        lock (request)
        {
            request.IsCancelled = true;
            cancel.TargetSilo = request.TargetSilo;
        }

        if (cancel.TargetSilo is { } silo && !silo.Equals(Address))
            _transport.TrySend(silo, cancel);
        else
            _catalog.Find(cancel.Target)?.Cancel(cancel);
    }

    private void ReceiveMoved(Message moved)
    {
        _directory.Invalidate(moved.Target, moved.SendingSilo);
        if (moved.TargetSilo is not { } silo)
            return;

        SetMoved(Pending.Find(moved.Id), silo);
        if (_membership.CurrentSnapshot.GetSiloStatus(silo) == SiloStatus.Dead)
            OnDisconnected(silo, null);
    }

    private void TellMoved(Message request, SiloAddress silo)
    {
        if (request.SendingSilo.IsClient)
            _relayed.Add(request);
        var moved = new Message { Kind = MessageKind.Moved, Id = request.Id, Target = request.Target, SendingSilo = Address, TargetSilo = silo };
        _transport.TrySend(request.SendingSilo, moved);
    }

    private void ReceiveRequest(Message request)
    {
        // A client has no directory: it leaves the routing to the silo that it is connected to.
        if (request.TargetSilo is null || SystemTargets.Has(request.Target))
            Route(request);
        else
            ReceiveHere(request);
    }

    private void ReceiveHere(Message request)
    {
        try
        {
            if (_catalog.Find(request.Target) is { } existing)
                Deliver(request, existing);
            else if (request.IsPlaced && _catalog.GetOrStart(request.Target) is { } activation)
                Deliver(request, activation);
            else
                Forward(request);
        }
        catch (Exception exception)
        {
            Respond(request, null, exception);
        }
    }

    private void OnSiloDied(SiloAddress silo)
    {
        _directory.RemoveSilo(silo);
        _ = EndWithAsync(silo);
    }

    // One that has left in good order may have answered last.
    private async Task EndWithAsync(SiloAddress silo)
    {
        await _transport.ForgetAsync(silo);
        OnDisconnected(silo, new SiloUnavailableException($"Silo {silo} was declared dead."));
    }
}
