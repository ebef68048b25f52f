using System.Collections.Concurrent;
using Orleans.Runtime.Clustering;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>What a silo itself answers, beside its grains: objects that are called like grains, at the silo that their key names, on no turns.</summary>
internal sealed class SystemTargets
{
    private readonly ConcurrentDictionary<GrainType, object> _targets = new();
    private readonly ConcurrentDictionary<IdSpan, SiloAddress> _silos = new();

    public void Add(string typeName, object target) => _targets[GrainType.Create(typeName)] = target;

    public static bool Has(GrainId target) => target.Type.ToString() is ISiloControl.TypeName or IGatewayControl.TypeName;

    /// <summary>The silo that is to answer: the given one when the key names none, or names its endpoint with any generation.</summary>
    public SiloAddress SiloOf(GrainId target, SiloAddress local)
    {
        if (target.Key.IsDefault || target.Key.ToString().Length == 0)
            return local;

        SiloAddress silo = _silos.GetOrAdd(target.Key, static key => SiloAddress.FromParsableString(key.ToString()));
        return silo.Generation == 0 && silo.Endpoint.Equals(local.Endpoint) ? local : silo;
    }

    public ValueTask<object?> InvokeAsync(Message request)
    {
        if (!_targets.TryGetValue(request.Target.Type, out object? target))
            throw new OrleansMessageRejectionException($"This silo does not answer {request}: it is not part of a cluster of processes.");

        request.Call!.PutCancellationToken();
        return request.Call.Method.Return.AwaitAsync(request.Call.Method.Invoke(target, request.Call.Arguments));
    }
}
