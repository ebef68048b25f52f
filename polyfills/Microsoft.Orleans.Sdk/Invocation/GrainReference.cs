using Orleans.Runtime.Invocation;
using Orleans.Runtime.Messaging;
using Orleans.Streaming;

namespace Orleans.Runtime;

/// <summary>A grain, from outside of it. Two references are equal when they mean the same grain.</summary>
public class GrainReference : IAddressable, IEquatable<GrainReference>
{
    protected GrainReference(GrainReferenceShared shared, IdSpan key)
    {
        ArgumentNullException.ThrowIfNull(shared);
        Shared = shared;
        GrainId = new GrainId(shared.GrainType, key);
    }

    public GrainId GrainId { get; }

    internal GrainReferenceShared Shared { get; }

    public bool Equals(GrainReference? other) => other is not null && GrainId == other.GrainId;

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public sealed override string ToString() => $"GrainReference:{GrainId}:{Shared.Interface.Name}";

    internal GrainReference Cast(Type interfaceType) => Shared.References.Create(GrainId, interfaceType);

    internal Task CallTask(int method, object?[] arguments) => CallTaskOf<object?>(method, arguments);

    internal Task<T> CallTaskOf<T>(int method, object?[] arguments)
    {
        var pending = new PendingCall<T>();
        CallRuntime.For(this).Call(this, new MethodCall(Shared.Interface.Methods[method], arguments), pending);
        return pending.Task;
    }

    internal ValueTask CallValueTask(int method, object?[] arguments) => new(CallTask(method, arguments));

    internal ValueTask<T> CallValueTaskOf<T>(int method, object?[] arguments) => new(CallTaskOf<T>(method, arguments));

    internal void CallOneWay(int method, object?[] arguments) => CallTask(method, arguments);

    internal IAsyncEnumerable<T> CallStream<T>(int method, object?[] arguments)
        => new GrainStream<T>(this, new MethodCall(Shared.Interface.Methods[method], arguments));
}
