using Grpc.Core;
using Grpc.Core.Interceptors;

namespace OrleansLM.Polyfills.Tests.Grpc.Trials;

/// <summary>Writes its name into the trailers on the way in and on the way out; refuses callers that ask for it.</summary>
public sealed class StampInterceptor(TrialEvents events, string name) : Interceptor, IDisposable
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        context.ResponseTrailers.Add("stamp", $"{name} in");
        TResponse response = await continuation(request, context);
        context.ResponseTrailers.Add("stamp", $"{name} out");
        return response;
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        context.ResponseTrailers.Add("stamp", name);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        context.ResponseTrailers.Add("stamp", name);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        context.ResponseTrailers.Add("stamp", name);
        return continuation(requestStream, responseStream, context);
    }

    public void Dispose() => events.Raise($"disposed {name}");

    private static void Check(ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue("refuse") is not null)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "refused by interceptor"));
        }
    }
}
