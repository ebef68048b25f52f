using Grpc.Core;

namespace Grpc.Net.Wire;

/// <summary>What a peer can do wrong, as the status that the call then ends with.</summary>
internal static class WireErrors
{
    public static RpcException BadFlag(byte flag) =>
        Error(StatusCode.Internal, $"Unexpected compressed flag value {flag} in message header: expected 0 or 1.");

    public static RpcException ReceivedTooLarge(long length, int max) =>
        Error(StatusCode.ResourceExhausted, $"Received message exceeds the maximum configured message size: more than {max} bytes, at least {length}.");

    public static RpcException SentTooLarge(long length, int max) =>
        Error(StatusCode.ResourceExhausted, $"Sending message exceeds the maximum configured message size: {length} bytes, at most {max}.");

    public static RpcException Incomplete(long received) =>
        Error(StatusCode.Internal, $"Incomplete message: the stream ended {received} bytes into it.");

    public static RpcException Missing() => Error(StatusCode.Internal, "Incomplete message: the stream ended without one.");

    public static RpcException Additional() => Error(StatusCode.Internal, "Additional data after the message received.");

    public static RpcException CompressedAsIdentity() =>
        Error(StatusCode.Internal, "Request sent a compressed message while grpc-encoding is identity or missing.");

    public static RpcException UnknownEncoding(string name, string known) =>
        Error(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{name}'. Supported encodings: {known}");

    public static RpcException BadCompression(Exception cause) =>
        new(new Status(StatusCode.Internal, "The compressed message could not be decompressed.", cause));

    public static RpcException BadMessage(Exception cause) =>
        new(new Status(StatusCode.Internal, $"The message could not be parsed: {cause.Message}", cause));

    public static RpcException BadBinaryHeader(string name) =>
        Error(StatusCode.Internal, $"The value of binary header '{name}' is not base64.");

    private static RpcException Error(StatusCode code, string detail) => new(new Status(code, detail));
}
