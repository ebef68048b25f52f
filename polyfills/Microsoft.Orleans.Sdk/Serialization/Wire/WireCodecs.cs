using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Runtime.Invocation;

namespace Orleans.Serialization;

/// <summary>The codecs of a silo or client, by type.</summary>
internal sealed class WireCodecs
{
    private readonly ConcurrentDictionary<Type, WireCodec> _codecs = new();
    private readonly ConcurrentDictionary<Type, object> _slots = new();
    private readonly WireCodecFactory _factory;

    public WireCodecs(GrainReferences references, GrainInterfaces interfaces)
    {
        _factory = new WireCodecFactory(this, references, interfaces);
        AnySlot = Slot<object?>();
    }

    public WireTypeNames Names { get; } = new();

    public WireSlot<object?> AnySlot { get; }

    public WireSlot<T> Slot<T>() => (WireSlot<T>)_slots.GetOrAdd(typeof(T), static (_, codecs) => new WireSlot<T>(codecs), this);

    /// <summary>The codec of a run-time type. Throws <see cref="CodecNotFoundException"/> for a type that cannot cross a call.</summary>
    public WireCodec For(Type type) => _codecs.TryGetValue(type, out WireCodec? codec) ? codec : _codecs.GetOrAdd(type, _factory.Create(type));

    /// <summary>The type under which values of a run-time type are written: references, types and the like have classes of their own in each process.</summary>
    public static Type Canonical(Type type)
    {
        if (type.IsValueType || type == typeof(string))
            return type;
        if (typeof(GrainReference).IsAssignableFrom(type))
            return typeof(GrainReference);
        if (typeof(Exception).IsAssignableFrom(type))
            return typeof(Exception);

        return WireCodecFactory.CanonicalOf(type);
    }
}
