using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Net.Wire;

namespace Grpc.Net.Client.Internal;

/// <summary>Reads headers, trailers and status from the HTTP response of a call.</summary>
internal static class ResponseMessage
{
    /// <summary>Why a response is not one of gRPC, or null.</summary>
    public static Status? Refusal(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Status(CodeOf(response.StatusCode), $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}");
        }

        if (response.Version < HttpVersion.Version20)
        {
            return new Status(StatusCode.Internal, "Bad gRPC response. Response protocol downgraded to HTTP/1.1.");
        }

        string? contentType = response.Content.Headers.ContentType?.MediaType;
        return GrpcHeaders.IsGrpc(contentType)
            ? null
            : new Status(StatusCode.Cancelled, $"Bad gRPC response. {(contentType is null ? "Response did not have a content-type header." : $"Invalid content-type value: {contentType}")}");
    }

    public static Status ReadStatus(HttpResponseHeaders headers)
    {
        string? code = First(headers, GrpcHeaders.Status);
        if (code is null)
        {
            return new Status(StatusCode.Cancelled, "No grpc-status found on response.");
        }

        if (!int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return new Status(StatusCode.Unknown, $"Unexpected grpc-status value: {code}");
        }

        string detail = PercentEncoding.Decode(First(headers, GrpcHeaders.Message) ?? "");
        return new Status(number <= (int)StatusCode.Unauthenticated ? (StatusCode)number : StatusCode.Unknown, detail);
    }

    public static Metadata ReadMetadata(HttpResponseHeaders headers)
    {
        var metadata = new Metadata();
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            if (GrpcHeaders.IsReserved(name.ToLowerInvariant()))
            {
                continue;
            }

            foreach (string value in values)
            {
                if (!BinaryHeader.TryAdd(metadata, name, value))
                {
                    throw WireErrors.BadBinaryHeader(name);
                }
            }
        }

        return metadata;
    }

    public static string? First(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.FirstOrDefault() : null;

    private static StatusCode CodeOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway => StatusCode.Unavailable,
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };
}
