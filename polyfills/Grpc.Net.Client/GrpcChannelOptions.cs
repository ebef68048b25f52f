using Grpc.Core;
using Grpc.Net.Compression;
using Microsoft.Extensions.Logging;

namespace Grpc.Net.Client;

/// <summary>How a channel connects and what its calls allow. Sizes are in bytes; null means without limit.</summary>
public sealed class GrpcChannelOptions
{
    /// <summary>By default TLS for https addresses and none for http.</summary>
    public ChannelCredentials? Credentials { get; set; }

    public int? MaxSendMessageSize { get; set; }

    public int? MaxReceiveMessageSize { get; set; } = 4 * 1024 * 1024;

    /// <summary>gzip and deflate unless set.</summary>
    public IList<ICompressionProvider>? CompressionProviders { get; set; }

    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>Cannot be set together with <see cref="HttpHandler"/>.</summary>
    public HttpClient? HttpClient { get; set; }

    /// <summary>Connections, keepalive pings and Unix sockets are configured here, on a SocketsHttpHandler.</summary>
    public HttpMessageHandler? HttpHandler { get; set; }

    /// <summary>Whether disposing the channel disposes the client or handler given here.</summary>
    public bool DisposeHttpClient { get; set; }

    /// <summary>Cancelled and expired calls throw <see cref="OperationCanceledException"/> instead of <see cref="RpcException"/>.</summary>
    public bool ThrowOperationCanceledOnCancellation { get; set; }

    /// <summary>Sends call credentials over connections without TLS too.</summary>
    public bool UnsafeUseInsecureChannelCallCredentials { get; set; }
}
