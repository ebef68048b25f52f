using System.Collections.Concurrent;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime.Invocation;

/// <summary>Makes references for one silo or client: a proxy class per interface, shared parts per grain type.</summary>
internal sealed class GrainReferences
{
    private readonly ConcurrentDictionary<Type, ProxyClass> _proxies = new();
    private readonly ConcurrentDictionary<(GrainType, Type), GrainReferenceShared> _shared = new();
    private readonly Lock _emitting = new();
    private readonly ProxyEmitter _emitter = new();
    private CallRuntime? _runtime;

    /// <summary>The runtime that calls go through; set once, when the host starts.</summary>
    public CallRuntime Runtime
    {
        get => _runtime ?? throw new InvalidOperationException("Grains cannot be called before the host has started.");
        set => _runtime = value;
    }

    public GrainReference Create(GrainId grain, Type interfaceType)
    {
        ProxyClass proxy = ProxyOf(interfaceType);
        if (!_shared.TryGetValue((grain.Type, interfaceType), out GrainReferenceShared? shared))
            shared = _shared.GetOrAdd((grain.Type, interfaceType), new GrainReferenceShared(this, proxy.Interface, grain.Type));
        return proxy.Create(shared, grain.Key);
    }

    public GrainInterface InterfaceOf(Type interfaceType) => ProxyOf(interfaceType).Interface;

    private ProxyClass ProxyOf(Type interfaceType)
    {
        if (_proxies.TryGetValue(interfaceType, out ProxyClass? proxy))
            return proxy;

        lock (_emitting)
            return _proxies.GetOrAdd(interfaceType, t => _emitter.Emit(new GrainInterface(t)));
    }
}
