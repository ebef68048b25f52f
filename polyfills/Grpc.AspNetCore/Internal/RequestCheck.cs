using Grpc.Core;
using Grpc.Net.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Turns away requests that are not gRPC over HTTP/2, with an HTTP status and, for gRPC clients, a gRPC one.</summary>
internal static class RequestCheck
{
    public static bool Accepts(HttpContext http)
    {
        HttpRequest request = http.Request;
        if (HttpProtocol.IsHttp10(request.Protocol) || HttpProtocol.IsHttp11(request.Protocol))
        {
            Refuse(http.Response, StatusCodes.Status426UpgradeRequired, $"Request protocol '{request.Protocol}' is not supported.");
            return false;
        }

        if (!GrpcHeaders.IsGrpc(request.ContentType))
        {
            string found = request.ContentType is null ? "Content-Type is missing from the request." : $"Content-Type '{request.ContentType}' is not supported.";
            Refuse(http.Response, StatusCodes.Status415UnsupportedMediaType, found);
            return false;
        }

        return true;
    }

    private static void Refuse(HttpResponse response, int httpStatus, string detail)
    {
        response.StatusCode = httpStatus;
        StatusResponse.Put(response.Headers, new Status(StatusCode.Internal, detail), null);
    }
}
