using System.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;
using OrleansLM.Contracts.Diagnostics;

namespace OrleansLM.Gateway.Diagnostics;

/// <summary>One span a call, child of the HTTP request's, to which the grains' spans belong.</summary>
public sealed class TraceInterceptor : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        using var span = Start(context);
        return await continuation(request, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using var span = Start(context);
        await continuation(request, responseStream, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using var span = Start(context);
        return await continuation(requestStream, context);
    }

    private static Activity? Start(ServerCallContext context)
    {
        var span = GatewayMetrics.Activities.StartActivity(context.Method.TrimStart('/'));
        span?.SetTag("rpc.system", "grpc");
        TraceContext.Send(span);
        return span;
    }
}
