using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Manifest;

namespace Orleans.Runtime.Activations;

/// <summary>Ends activations that nothing has used for their class's collection age.</summary>
internal sealed class IdleCollector(Catalog catalog, IOptions<GrainCollectionOptions> options, TimeProvider time) : IDisposable
{
    private readonly GrainCollectionOptions _options = options.Value;
    private ITimer? _timer;

    public void Start()
    {
        using (ExecutionContext.SuppressFlow())
            _timer = time.CreateTimer(static c => ((IdleCollector)c!).Collect(), this, _options.CollectionQuantum, _options.CollectionQuantum);
    }

    public void Dispose() => _timer?.Dispose();

    private void Collect()
    {
        foreach (Activation activation in catalog.Activations)
        {
            if (AgeOf(activation.Class) is { } age && activation.IsIdleFor(age))
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, $"The activation was idle for {age}."));
        }
    }

    private TimeSpan? AgeOf(GrainClass grainClass)
    {
        if (grainClass.IsKeptAlive)
            return null;
        if (grainClass.CollectionAge is { } own)
            return own;

        return _options.ClassSpecificCollectionAge.TryGetValue(grainClass.Type.FullName!, out TimeSpan age) ? age : _options.CollectionAge;
    }
}
