using Grpc.Core;

namespace Grpc.Net.Client.Internal;

/// <summary>Starts each call as one HTTP/2 request. A host name asked for is ignored: the channel has one address.</summary>
internal sealed class HttpCallInvoker(ChannelSettings settings, ActiveCalls calls) : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request) => AsyncUnaryCall(method, host, options, request).GetAwaiter().GetResult();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request)
    {
        HttpCall<TRequest, TResponse> call = Start(method, options, request);
        return new(call.SingleResponseAsync(), Headers, Status, Trailers, Dispose, call);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options,
        TRequest request)
    {
        HttpCall<TRequest, TResponse> call = Start(method, options, request);
        return new(call.Responses, Headers, Status, Trailers, Dispose, call);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options)
    {
        HttpCall<TRequest, TResponse> call = Start(method, options, null);
        return new(call.Requests, call.SingleResponseAsync(), Headers, Status, Trailers, Dispose, call);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        string? host,
        CallOptions options)
    {
        HttpCall<TRequest, TResponse> call = Start(method, options, null);
        return new(call.Requests, call.Responses, Headers, Status, Trailers, Dispose, call);
    }

    private static Task<Metadata> Headers(object call) => ((HttpCall)call).ResponseHeadersAsync;

    private static Status Status(object call) => ((HttpCall)call).GetStatus();

    private static Metadata Trailers(object call) => ((HttpCall)call).GetTrailers();

    private static void Dispose(object call) => ((HttpCall)call).Dispose();

    private HttpCall<TRequest, TResponse> Start<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        CallOptions options,
        TRequest? request)
        where TRequest : class
        where TResponse : class
    {
        var call = new HttpCall<TRequest, TResponse>(settings, calls, method, options);
        call.Start(request);
        return call;
    }
}
