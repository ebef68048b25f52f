using Grpc.Core;
using Grpc.Net.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>A call that runs on an HTTP/2 request.</summary>
internal sealed partial class HttpContextServerCallContext : ServerCallContext, IDisposable
{
    private static readonly AuthContext s_unauthenticated = new(null, []);

    private readonly ServiceSettings _settings;
    private readonly CallDeadline? _deadline;
    private readonly IMethod _method;
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;

    public HttpContextServerCallContext(HttpContext http, IMethod method, ServiceSettings settings)
    {
        HttpContext = http;
        _method = method;
        _settings = settings;
        _deadline = CallDeadline.FromRequest(http);
        http.Response.ContentType = GrpcHeaders.ContentType;
    }

    public HttpContext HttpContext { get; }

    public bool DeadlineExceeded => _deadline is { Passed: true };

    protected override string MethodCore => _method.FullName;

    protected override string HostCore => HttpContext.Request.Host.Value ?? "";

    protected override string PeerCore => Peers.Describe(HttpContext.Connection);

    protected override DateTime DeadlineCore => _deadline?.Instant ?? DateTime.MaxValue;

    protected override CancellationToken CancellationTokenCore => _deadline?.Token ?? HttpContext.RequestAborted;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadHeaders(HttpContext.Request.Headers);

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore =>
        HttpContext.Connection.ClientCertificate is { } certificate ? Peers.Authenticated(certificate) : s_unauthenticated;

    public void Dispose() => _deadline?.Dispose();

    /// <summary>Puts the call's status and trailers where the response now takes them.</summary>
    public void WriteStatus() => StatusResponse.Write(HttpContext.Response, Status, _responseTrailers, hasMessages: _wroteMessage);

    public void AddTrailers(Metadata trailers)
    {
        foreach (Metadata.Entry entry in trailers)
        {
            ResponseTrailers.Add(entry);
        }
    }

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (HttpContext.Response.HasStarted)
        {
            throw new InvalidOperationException("Response headers can only be sent once per call.");
        }

        foreach (Metadata.Entry entry in responseHeaders)
        {
            if (entry.Key == GrpcHeaders.EncodingRequest)
            {
                _wantedEncoding = entry.Value;
            }
            else if (!GrpcHeaders.IsReserved(entry.Key))
            {
                IHeaderDictionary headers = HttpContext.Response.Headers;
                headers[entry.Key] = StringValues.Concat(headers[entry.Key], BinaryHeader.Text(entry));
            }
        }

        await SendHeadersAsync().ConfigureAwait(false);
    }

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) =>
        throw new NotSupportedException("Deadline and cancellation are passed on by hand: context.Deadline, context.CancellationToken.");

    private static Metadata ReadHeaders(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach ((string name, StringValues values) in headers)
        {
            if (GrpcHeaders.IsReserved(name.ToLowerInvariant()))
            {
                continue;
            }

            foreach (string? value in values)
            {
                if (!BinaryHeader.TryAdd(metadata, name, value ?? ""))
                {
                    throw WireErrors.BadBinaryHeader(name);
                }
            }
        }

        return metadata;
    }
}
