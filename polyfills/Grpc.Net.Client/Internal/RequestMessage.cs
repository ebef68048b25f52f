using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Net.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>The HTTP request of a call.</summary>
internal static class RequestMessage
{
    private static readonly MediaTypeHeaderValue s_contentType = new(GrpcHeaders.ContentType);
    private static readonly string s_userAgent = $"grpc-dotnet/{typeof(RequestMessage).Assembly.GetName().Version?.ToString(3)} (.NET {Environment.Version})";

    public static HttpRequestMessage Create(
        ChannelSettings settings,
        string method,
        Metadata metadata,
        DateTime? deadline,
        string? encoding,
        HttpContent content)
    {
        content.Headers.ContentType = s_contentType;
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(settings.Address, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("user-agent", s_userAgent);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation(GrpcHeaders.AcceptEncoding, settings.Encodings.AcceptEncoding);
        if (encoding is not null)
        {
            request.Headers.TryAddWithoutValidation(GrpcHeaders.Encoding, encoding);
        }

        if (deadline is { } instant && instant != DateTime.MaxValue)
        {
            request.Headers.TryAddWithoutValidation(GrpcHeaders.Timeout, TimeoutHeader.Format(instant.ToUniversalTime() - DateTime.UtcNow));
        }

        AddMetadata(request.Headers, metadata);
        return request;
    }

    private static void AddMetadata(HttpRequestHeaders headers, Metadata metadata)
    {
        foreach (Metadata.Entry entry in metadata)
        {
            if (!GrpcHeaders.IsReserved(entry.Key))
            {
                headers.TryAddWithoutValidation(entry.Key, BinaryHeader.Text(entry));
            }
        }
    }
}
