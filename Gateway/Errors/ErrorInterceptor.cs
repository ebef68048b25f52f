using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using OrleansLM.Contracts.Errors;

namespace OrleansLM.Gateway.Errors;

/// <summary>Turns what services throw into statuses: our own failures by <see cref="ErrorMap"/>, silos that are lost by <see cref="SiloFailures"/>, a caller that went away as CANCELLED, all else as a logged INTERNAL.</summary>
public sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw Translate(error, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw Translate(error, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception error) when (error is not RpcException)
        {
            throw Translate(error, context);
        }
    }

    private RpcException Translate(Exception error, ServerCallContext context)
    {
        if (error is OrleansLMException known)
        {
            if (known.Code == ErrorCode.Internal)
            {
                LogDefect(known, context.Method);
            }

            return known.ToRpcException();
        }

        if (context.CancellationToken.IsCancellationRequested)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "the caller went away"));
        }

        if (SiloFailures.Translate(error) is { } silo)
        {
            LogSilo(error, context.Method);
            return silo.ToRpcException();
        }

        LogDefect(error, context.Method);
        return new RpcException(new Status(StatusCode.Internal, "internal error; the server's log has the details", error));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Method} lost its silo")]
    private partial void LogSilo(Exception error, string method);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed")]
    private partial void LogDefect(Exception error, string method);
}
