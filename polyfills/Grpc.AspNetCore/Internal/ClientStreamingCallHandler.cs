using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed class ClientStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    ClientStreamingServerMethod<TRequest, TResponse> pipeline,
    ServiceSettings settings,
    ILogger logger) : CallHandler<TRequest, TResponse>(method, settings, logger)
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(HttpContextServerCallContext call)
    {
        var requests = new RequestStreamReader<TRequest>(call, Method.RequestMarshaller.ContextualDeserializer);
        TResponse? response;
        try
        {
            response = await pipeline(requests, call).ConfigureAwait(false);
        }
        finally
        {
            requests.EndCall();
        }

        WriteResponse(call, response);
    }
}
