using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed class UnaryCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    UnaryServerMethod<TRequest, TResponse> pipeline,
    ServiceSettings settings,
    ILogger logger) : CallHandler<TRequest, TResponse>(method, settings, logger)
    where TRequest : class
    where TResponse : class
{
    protected override async Task InvokeAsync(HttpContextServerCallContext call)
    {
        TRequest request = await ReadRequestAsync(call).ConfigureAwait(false);
        TResponse? response = await pipeline(request, call).ConfigureAwait(false);
        WriteResponse(call, response);
    }
}
