using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>
/// Builds, once per method, the chain that a call runs through: interceptors in order, then the service. Each link makes
/// its instance when the call reaches it and disposes it when the call has passed back.
/// </summary>
internal static class CallPipeline<TService>
    where TService : class
{
    public static UnaryServerMethod<TRequest, TResponse> Unary<TRequest, TResponse>(
        Func<TService, TRequest, ServerCallContext, Task<TResponse>> invoke,
        IEnumerable<InterceptorRegistration> interceptors)
        where TRequest : class
        where TResponse : class
    {
        UnaryServerMethod<TRequest, TResponse> next = async (request, context) =>
        {
            await using Activated<TService> service = Service(context);
            return await invoke(service.Instance, request, context).ConfigureAwait(false);
        };
        return interceptors.Reverse().Aggregate(next, (inner, registration) => async (request, context) =>
        {
            await using Activated<Interceptor> link = Link(registration, context);
            return await link.Instance.UnaryServerHandler(request, context, inner).ConfigureAwait(false);
        });
    }

    public static ClientStreamingServerMethod<TRequest, TResponse> ClientStreaming<TRequest, TResponse>(
        Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>> invoke,
        IEnumerable<InterceptorRegistration> interceptors)
        where TRequest : class
        where TResponse : class
    {
        ClientStreamingServerMethod<TRequest, TResponse> next = async (requests, context) =>
        {
            await using Activated<TService> service = Service(context);
            return await invoke(service.Instance, requests, context).ConfigureAwait(false);
        };
        return interceptors.Reverse().Aggregate(next, (inner, registration) => async (requests, context) =>
        {
            await using Activated<Interceptor> link = Link(registration, context);
            return await link.Instance.ClientStreamingServerHandler(requests, context, inner).ConfigureAwait(false);
        });
    }

    public static ServerStreamingServerMethod<TRequest, TResponse> ServerStreaming<TRequest, TResponse>(
        Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task> invoke,
        IEnumerable<InterceptorRegistration> interceptors)
        where TRequest : class
        where TResponse : class
    {
        ServerStreamingServerMethod<TRequest, TResponse> next = async (request, responses, context) =>
        {
            await using Activated<TService> service = Service(context);
            await invoke(service.Instance, request, responses, context).ConfigureAwait(false);
        };
        return interceptors.Reverse().Aggregate(next, (inner, registration) => async (request, responses, context) =>
        {
            await using Activated<Interceptor> link = Link(registration, context);
            await link.Instance.ServerStreamingServerHandler(request, responses, context, inner).ConfigureAwait(false);
        });
    }

    public static DuplexStreamingServerMethod<TRequest, TResponse> Duplex<TRequest, TResponse>(
        Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task> invoke,
        IEnumerable<InterceptorRegistration> interceptors)
        where TRequest : class
        where TResponse : class
    {
        DuplexStreamingServerMethod<TRequest, TResponse> next = async (requests, responses, context) =>
        {
            await using Activated<TService> service = Service(context);
            await invoke(service.Instance, requests, responses, context).ConfigureAwait(false);
        };
        return interceptors.Reverse().Aggregate(next, (inner, registration) => async (requests, responses, context) =>
        {
            await using Activated<Interceptor> link = Link(registration, context);
            await link.Instance.DuplexStreamingServerHandler(requests, responses, context, inner).ConfigureAwait(false);
        });
    }

    private static Activated<TService> Service(ServerCallContext context) =>
        ServiceActivator<TService>.Activate(context.GetHttpContext().RequestServices);

    private static Activated<Interceptor> Link(InterceptorRegistration registration, ServerCallContext context) =>
        registration.Activate(context.GetHttpContext().RequestServices);
}
