using System.Globalization;
using Grpc.Core;
using Grpc.Net.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The end of a call: status and trailers, after the messages or, when there were none, as the only headers.</summary>
internal static class StatusResponse
{
    /// <summary>With <paramref name="hasMessages"/> a message was written, if perhaps not yet flushed, so headers and status cannot be one.</summary>
    public static void Write(HttpResponse response, Status status, Metadata? trailers, bool hasMessages = false)
    {
        if (!response.HasStarted)
        {
            response.ContentType = GrpcHeaders.ContentType;
        }

        Put(Destination(response, hasMessages), status, trailers);
    }

    public static void Put(IHeaderDictionary target, Status status, Metadata? trailers)
    {
        target[GrpcHeaders.Status] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
        {
            target[GrpcHeaders.Message] = PercentEncoding.Encode(status.Detail);
        }

        foreach (Metadata.Entry entry in trailers ?? [])
        {
            if (!GrpcHeaders.IsReserved(entry.Key))
            {
                target[entry.Key] = StringValues.Concat(target[entry.Key], BinaryHeader.Text(entry));
            }
        }
    }

    private static IHeaderDictionary Destination(HttpResponse response, bool hasMessages) => response.HasStarted || hasMessages
        ? response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers
            ?? throw new InvalidOperationException("Trailers are not supported for this response. The server may not support gRPC.")
        : response.Headers;
}
