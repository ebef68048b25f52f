using Grpc.Core;
using Grpc.Net.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grpc.Net.Client.Internal;

/// <summary>The options of a channel, checked and made ready.</summary>
internal sealed class ChannelSettings : IDisposable
{
    private readonly HttpMessageInvoker _http;
    private readonly bool _ownsHttp;

    public ChannelSettings(Uri address, GrpcChannelOptions options)
    {
        Address = Checked(address);
        if (options is { HttpClient: not null, HttpHandler: not null })
        {
            throw new ArgumentException("HttpClient and HttpHandler have been configured. Only one HTTP caller can be specified.");
        }

        var credentials = new CredentialsReader(options.Credentials);
        if (credentials.Secure is { } secure && secure != (address.Scheme == Uri.UriSchemeHttps))
        {
            throw new InvalidOperationException(
                $"Channel is configured with {(secure ? "secure" : "insecure")} channel credentials and can't use an address with '{address.Scheme}' scheme.");
        }

        CallCredentials = credentials.CallCredentials;
        SendsCallCredentials = address.Scheme == Uri.UriSchemeHttps || options.UnsafeUseInsecureChannelCallCredentials;
        MaxSendBytes = options.MaxSendMessageSize;
        MaxReceiveBytes = options.MaxReceiveMessageSize;
        ThrowsCancellation = options.ThrowOperationCanceledOnCancellation;
        Encodings = new MessageEncodings(options.CompressionProviders);
        Logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Grpc.Net.Client.Internal.GrpcCall");
        _ownsHttp = options.DisposeHttpClient || options is { HttpClient: null, HttpHandler: null };
        _http = options.HttpClient ?? new HttpMessageInvoker(options.HttpHandler ?? DefaultHandler(), _ownsHttp);
    }

    public Uri Address { get; }

    public int? MaxSendBytes { get; }

    public int? MaxReceiveBytes { get; }

    public bool ThrowsCancellation { get; }

    public bool SendsCallCredentials { get; }

    public IReadOnlyList<CallCredentials> CallCredentials { get; }

    public MessageEncodings Encodings { get; }

    public ILogger Logger { get; }

    /// <summary>Returns when the response headers are there.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _http is HttpClient client
        ? client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
        : _http.SendAsync(request, cancellationToken);

    public void Dispose()
    {
        if (_ownsHttp)
        {
            _http.Dispose();
        }
    }

    private static SocketsHttpHandler DefaultHandler() => new() { EnableMultipleHttp2Connections = true };

    private static Uri Checked(Uri address) => address.IsAbsoluteUri && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        ? address
        : throw new ArgumentException($"Address '{address}' must be absolute, with scheme http or https.", nameof(address));
}
