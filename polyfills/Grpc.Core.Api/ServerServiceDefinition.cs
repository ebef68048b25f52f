namespace Grpc.Core;

/// <summary>A service instance with its methods, as generated <c>BindService(instance)</c> builds it.</summary>
public class ServerServiceDefinition
{
    private readonly IReadOnlyList<Action<ServiceBinderBase>> _additions;

    private ServerServiceDefinition(IReadOnlyList<Action<ServiceBinderBase>> additions) => _additions = additions;

    public static Builder CreateBuilder() => new();

    internal void BindService(ServiceBinderBase binder)
    {
        foreach (Action<ServiceBinderBase> add in _additions)
        {
            add(binder);
        }
    }

    public class Builder
    {
        private readonly List<Action<ServiceBinderBase>> _additions = [];
        private readonly HashSet<string> _names = [];

        public Builder AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            UnaryServerMethod<TRequest, TResponse> handler)
            where TRequest : class
            where TResponse : class => Added(method, binder => binder.AddMethod(method, handler));

        public Builder AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            ClientStreamingServerMethod<TRequest, TResponse> handler)
            where TRequest : class
            where TResponse : class => Added(method, binder => binder.AddMethod(method, handler));

        public Builder AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            ServerStreamingServerMethod<TRequest, TResponse> handler)
            where TRequest : class
            where TResponse : class => Added(method, binder => binder.AddMethod(method, handler));

        public Builder AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            DuplexStreamingServerMethod<TRequest, TResponse> handler)
            where TRequest : class
            where TResponse : class => Added(method, binder => binder.AddMethod(method, handler));

        public ServerServiceDefinition Build() => new([.. _additions]);

        private Builder Added(IMethod method, Action<ServiceBinderBase> addition)
        {
            if (!_names.Add(method.FullName))
            {
                throw new ArgumentException($"Method {method.FullName} is already part of this service.");
            }

            _additions.Add(addition);
            return this;
        }
    }
}
