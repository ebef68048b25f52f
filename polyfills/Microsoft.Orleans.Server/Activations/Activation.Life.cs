using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Messaging;
using Orleans.Runtime.Placement;

namespace Orleans.Runtime.Activations;

/// <summary>The beginning and the end of an activation.</summary>
internal sealed partial class Activation
{
    private async Task ActivateAsync()
    {
        try
        {
            if (!await RegisterAsync())
                return;

            await CreateInstanceAsync();
            lock (_state)
            {
                _wasValid = true;
                _lastUse = _host.Time.GetTimestamp();
                if (State == ActivationState.Activating)
                {
                    State = ActivationState.Valid;
                    StartWork();
                    return;
                }
            }
        }
        catch (Exception exception)
        {
            await FailAsync(exception);
            return;
        }

        // It was told to end while it activated.
        await EndAsync();
    }

    /// <summary>Enters the activation in the directory; false when another one was there first, which gets the requests then.</summary>
    private async Task<bool> RegisterAsync()
    {
        GrainAddress winner = await _host.Directory.RegisterAsync(Address, _arriving?.From);
        if (winner.ActivationId == ActivationId)
        {
            _registered.SetResult(true);
            return true;
        }

        _registered.SetResult(false);
        Close();
        return false;
    }

    private async Task CreateInstanceAsync()
    {
        using var timeout = new CancellationTokenSource(_host.Collection.ActivationTimeout, _host.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _activating.Token);
        try
        {
            await CreateInstanceAsync(stop.Token);
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested)
        {
            throw new OperationCanceledException(
                $"Grain {GrainId} was not activated within {_host.Collection.ActivationTimeout} ({nameof(_host.Collection.ActivationTimeout)}): {Class.Type} was still in OnActivateAsync.",
                exception);
        }
    }

    private async Task CreateInstanceAsync(CancellationToken cancellation)
    {
        _scope = _host.Services.CreateAsyncScope();
        GrainInstance = Class.Create(_scope.ServiceProvider);
        if (GrainInstance is IGrainMigrationParticipant participant)
            _lifecycle.AddMigrationParticipant(participant);
        if (GrainInstance is ILifecycleParticipant<IGrainLifecycle> observer)
            observer.Participate(_lifecycle);
        if (_arriving is not null)
            _lifecycle.Rehydrate(_arriving.Context);
        await _lifecycle.StartAsync(cancellation);
        if (GrainInstance is IGrainBase grain)
            await grain.OnActivateAsync(cancellation).WaitAsync(cancellation);
    }

    // The calls that wait fail; the next call tries anew.
    private async Task FailAsync(Exception exception)
    {
        _host.LogActivationFailed(GrainId, exception);
        _registered.TrySetResult(false);
        IActivationWork[] waiting;
        lock (_state)
        {
            State = ActivationState.Deactivating;
            waiting = _requests.TakeWaiting();
        }

        await ReleaseAsync();
        await _host.Directory.UnregisterAsync(Address);
        Close();
        foreach (Message request in waiting.OfType<Message>())
            _host.Runtime.Respond(request, null, exception);
    }

    /// <summary>Ends streams that wait for elements and cancels the tokens of timers, so that what runs can end.</summary>
    private void LetGo()
    {
        Streams.StopPolling();
        foreach (GrainTimer timer in Timers())
            timer.Dispose();
    }

    private async Task EndAsync()
    {
        lock (_state)
        {
            if (State != ActivationState.Deactivating || _requests.RunningCount > 0)
                return;
        }

        using var timeout = new CancellationTokenSource(_host.Collection.DeactivationTimeout, _host.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _deactivationCancellation);
        LetGo();
        bool succeeded = await OnDeactivateAsync(stop.Token);
        SiloAddress? destination = succeeded && _migration is { } migration && !stop.IsCancellationRequested ? await TryMigrateAsync(migration) : null;
        if (destination is null)
            await _host.Directory.UnregisterAsync(Address);
        await ReleaseAsync();
        Close();
    }

    private async Task<bool> OnDeactivateAsync(CancellationToken cancellation)
    {
        try
        {
            if (_wasValid && GrainInstance is IGrainBase grain && !cancellation.IsCancellationRequested)
                await grain.OnDeactivateAsync(_reason, cancellation).WaitAsync(cancellation);
            await _lifecycle.StopAsync(cancellation);
            return true;
        }
        catch (Exception exception)
        {
            _host.LogDeactivationFailed(GrainId, exception);
            return false;
        }
    }

    /// <summary>Asks placement for another silo; when it chooses this one, the activation ends and hands nothing over.</summary>
    private async Task MigrateAsync(Dictionary<string, object>? requestContext, CancellationToken cancellation)
    {
        try
        {
            SiloAddress destination = await _host.Placement.PlaceAsync(new PlacementTarget(GrainId, requestContext, default, 0));
            lock (_state)
            {
                if (State != ActivationState.Invalid && !destination.Equals(Address.SiloAddress))
                    _migration ??= new MigrationRequest(destination, requestContext);
            }

            Deactivate(new DeactivationReason(DeactivationReasonCode.Migrating, "The activation moves to another silo."), cancellation);
        }
        catch (Exception exception)
        {
            _host.LogMigrationFailed(GrainId, exception);
        }
    }

    /// <summary>Hands the state to the other silo. Null when that cannot take it.</summary>
    private async Task<SiloAddress?> TryMigrateAsync(MigrationRequest migration)
    {
        try
        {
            SiloAddress destination = migration.Destination;
            if (_host.Peers.Find(destination) is not { } peer)
                return null;

            RequestContext.Import(migration.RequestContext);
            if (!await peer.AcceptAsync(new Migration.MigratingGrain(Address, _lifecycle.Dehydrate(_host.Copier))))
                return null;

            _host.Directory.Release(Address);
            return destination;
        }
        catch (Exception exception)
        {
            _host.LogMigrationFailed(GrainId, exception);
            return null;
        }
    }

    private async Task ReleaseAsync()
    {
        try
        {
            await Streams.DisposeAsync();
            if (GrainInstance is IAsyncDisposable asyncDisposable)
                await asyncDisposable.DisposeAsync();
            else if (GrainInstance is IDisposable disposable)
                disposable.Dispose();
            await _scope.DisposeAsync();
        }
        catch (Exception exception)
        {
            _host.LogDisposeFailed(GrainId, exception);
        }
    }

    private void Close()
    {
        _host.Catalog.Remove(this);
        IActivationWork[] waiting;
        lock (_state)
        {
            State = ActivationState.Invalid;
            waiting = _requests.TakeWaiting();
        }

        foreach (IActivationWork work in waiting)
            SendOn(work);
        _deactivated.TrySetResult();
    }

    private GrainTimer[] Timers()
    {
        lock (_timers)
            return [.. _timers];
    }
}
