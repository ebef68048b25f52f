namespace Grpc.Net.Wire;

/// <summary>Header names that the protocol keeps to itself.</summary>
internal static class GrpcHeaders
{
    public const string ContentType = "application/grpc";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Timeout = "grpc-timeout";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";

    /// <summary>Set by code, never sent: the encoding wanted for this call's messages.</summary>
    public const string EncodingRequest = "grpc-internal-encoding-request";

    public const string Identity = "identity";

    /// <summary>Whether user code neither sees nor sets this header.</summary>
    public static bool IsReserved(string name) => name switch
    {
        [] or [':', ..] => true,
        Encoding or AcceptEncoding or Timeout or Status or Message or EncodingRequest => true,
        _ => name.Equals("content-type", StringComparison.OrdinalIgnoreCase)
            || name.Equals("te", StringComparison.OrdinalIgnoreCase)
            || name.Equals("host", StringComparison.OrdinalIgnoreCase),
    };

    /// <summary>Whether a content type is gRPC over HTTP/2, with any message format behind '+' or ';'.</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is ';' or '+');
}
