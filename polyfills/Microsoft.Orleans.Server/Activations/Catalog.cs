using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Manifest;
using Orleans.Runtime.Migration;

namespace Orleans.Runtime.Activations;

/// <summary>The activations of this silo.</summary>
internal sealed class Catalog(IServiceProvider services, GrainClasses classes, ILogger<Activation> logger)
{
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new();
    private readonly Lock _adding = new();
    private ActivationHost? _host;
    private bool _isClosed;

    public IEnumerable<Activation> Activations => _activations.Values;

    public void Open(SiloRuntime runtime) => _host = new ActivationHost(services, runtime, this, logger);

    public Activation? Find(GrainId grain) => _activations.GetValueOrDefault(grain);

    /// <summary>The activation of a grain, made and started if there is none. Null when this silo takes no new ones any more.</summary>
    public Activation? GetOrStart(GrainId grain) => _activations.TryGetValue(grain, out Activation? activation) ? activation : TryStart(grain, null) ?? Find(grain);

    /// <summary>Starts the activation of a grain that comes from another silo; null when the grain is here already, or no new ones are taken.</summary>
    public Activation? TryStart(GrainId grain, MigratingGrain? arriving)
    {
        GrainClass grainClass = classes.Find(grain.Type) ?? throw new OrleansException($"This silo has no grain class for {grain}.");
        Activation activation;
        lock (_adding)
        {
            if (_isClosed || _host is null)
                return null;

            activation = new Activation(_host, grainClass, grain, arriving);
            if (!_activations.TryAdd(grain, activation))
                return null;
        }

        activation.Start();
        return activation;
    }

    public void Remove(Activation activation) => _activations.TryRemove(KeyValuePair.Create(activation.GrainId, activation));

    /// <summary>Takes no new activations and ends those that there are.</summary>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        lock (_adding)
            _isClosed = true;

        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is shutting down.");
        Activation[] activations = [.. _activations.Values];
        foreach (Activation activation in activations)
            activation.Deactivate(reason, cancellation);
        await Task.WhenAll(activations.Select(a => a.Deactivated)).WaitAsync(cancellation);
    }
}
