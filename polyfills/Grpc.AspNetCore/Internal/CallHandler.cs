using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Serves one method. However the call goes, it ends with a status, and nothing escapes to the server.</summary>
internal abstract class CallHandler<TRequest, TResponse>(Method<TRequest, TResponse> method, ServiceSettings settings, ILogger logger)
    where TRequest : class
    where TResponse : class
{
    private const int Http2InternalError = 2;

    protected Method<TRequest, TResponse> Method => method;

    public Task HandleAsync(HttpContext http) => RequestCheck.Accepts(http) ? RunAsync(http) : Task.CompletedTask;

    protected abstract Task InvokeAsync(HttpContextServerCallContext call);

    protected ValueTask<TRequest> ReadRequestAsync(HttpContextServerCallContext call) =>
        call.Reader.ReadSingleAsync(method.RequestMarshaller.ContextualDeserializer, call.CancellationToken);

    protected void WriteResponse(HttpContextServerCallContext call, TResponse? response)
    {
        if (call.Status.StatusCode != StatusCode.OK || call.DeadlineExceeded)
        {
            return;
        }

        if (response is null)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."));
        }

        call.BufferMessage(response, method.ResponseMarshaller.ContextualSerializer);
    }

    private static void LiftHttpLimits(HttpContext http)
    {
        // A stream may rest for minutes and carry any number of messages; each message has its own limit.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }

    private async Task RunAsync(HttpContext http)
    {
        using var call = new HttpContextServerCallContext(http, method, settings);
        Task handling = HandleAsync(http, call);
        if (await call.IsOverAsync(handling).ConfigureAwait(false))
        {
            // The handler pays no heed to its token: the caller has its answer, and the request lives on until the handler ends.
            await call.CutOffAsync().ConfigureAwait(false);
            await handling.ConfigureAwait(false);
            Trace(call);
            return;
        }

        await handling.ConfigureAwait(false);
        End(call);
    }

    private async Task HandleAsync(HttpContext http, HttpContextServerCallContext call)
    {
        try
        {
            LiftHttpLimits(http);
            CheckEncoding(http);
            await InvokeAsync(call).ConfigureAwait(false);
            if (call.DeadlineExceeded)
            {
                call.Status = StatusOf.Deadline;
            }
        }
        catch (Exception exception)
        {
            Fail(call, exception);
        }
    }

    private void CheckEncoding(HttpContext http)
    {
        string? encoding = http.Request.Headers[GrpcHeaders.Encoding];
        if (!MessageEncodings.IsIdentity(encoding) && settings.Encodings.Find(encoding) is null)
        {
            http.Response.Headers[GrpcHeaders.AcceptEncoding] = settings.Encodings.AcceptEncoding;
            throw WireErrors.UnknownEncoding(encoding!, settings.Encodings.AcceptEncoding);
        }
    }

    private void Fail(HttpContextServerCallContext call, Exception exception)
    {
        if (exception is RpcException rpc)
        {
            call.AddTrailers(rpc.Trailers);
            logger.CallRefused(rpc, method.FullName, rpc.StatusCode);
        }
        else if (!call.CancellationToken.IsCancellationRequested)
        {
            logger.CallFailed(exception, method.FullName);
        }

        call.Status = StatusOf.Failure(exception, call, settings.DetailedErrors);
    }

    private static void Trace(HttpContextServerCallContext call)
    {
        Activity.Current?.SetTag("grpc.method", call.Method);
        Activity.Current?.SetTag("grpc.status_code", (int)call.Status.StatusCode);
    }

    private static void End(HttpContextServerCallContext call)
    {
        Trace(call);
        if (call.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (call.ResponseIsBroken)
        {
            call.HttpContext.Features.Get<IHttpResetFeature>()?.Reset(Http2InternalError);
            return;
        }

        call.WriteStatus();
    }
}
