using System.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Collects the methods that generated code binds, each joined with the override in <typeparamref name="TService"/>.</summary>
internal sealed class ServiceMethodCollector<TService>(ServiceSettings settings, ILogger logger) : ServiceBinderBase
    where TService : class
{
    private readonly List<BoundMethod> _methods = [];

    public IReadOnlyList<BoundMethod> Methods => _methods;

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        UnaryServerMethod<TRequest, TResponse>? handler)
    {
        MethodInfo target = Find(method, typeof(TRequest), typeof(ServerCallContext));
        var invoke = target.CreateDelegate<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>();
        var pipeline = CallPipeline<TService>.Unary(invoke, settings.Interceptors);
        Add(method, target, new UnaryCallHandler<TRequest, TResponse>(method, pipeline, settings, logger).HandleAsync);
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        MethodInfo target = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext));
        var invoke = target.CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>();
        var pipeline = CallPipeline<TService>.ClientStreaming(invoke, settings.Interceptors);
        Add(method, target, new ClientStreamingCallHandler<TRequest, TResponse>(method, pipeline, settings, logger).HandleAsync);
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        MethodInfo target = Find(method, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var invoke = target.CreateDelegate<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        var pipeline = CallPipeline<TService>.ServerStreaming(invoke, settings.Interceptors);
        Add(method, target, new ServerStreamingCallHandler<TRequest, TResponse>(method, pipeline, settings, logger).HandleAsync);
    }

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        MethodInfo target = Find(method, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
        var invoke = target.CreateDelegate<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>();
        var pipeline = CallPipeline<TService>.Duplex(invoke, settings.Interceptors);
        Add(method, target, new DuplexCallHandler<TRequest, TResponse>(method, pipeline, settings, logger).HandleAsync);
    }

    private static MethodInfo Find(IMethod method, params Type[] parameters) =>
        typeof(TService).GetMethod(method.Name, BindingFlags.Public | BindingFlags.Instance, parameters)
            ?? throw new InvalidOperationException(
                $"Could not find '{method.Name}({string.Join(", ", parameters.Select(type => type.Name))})' on {typeof(TService)}.");

    private void Add(IMethod method, MethodInfo target, RequestDelegate handler)
    {
        List<object> metadata = [new GrpcMethodMetadata(typeof(TService), method)];
        metadata.AddRange(typeof(TService).GetCustomAttributes(inherit: true));
        metadata.AddRange(target.GetCustomAttributes(inherit: true));
        _methods.Add(new BoundMethod(method, handler, metadata));
    }
}
