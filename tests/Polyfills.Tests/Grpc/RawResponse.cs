namespace OrleansLM.Polyfills.Tests.Grpc;

/// <summary>A response as HTTP sees it; the status is that of the trailers or, when there was no message, of the headers.</summary>
public sealed record RawResponse(int HttpStatus, IReadOnlyDictionary<string, string> Headers, byte[] Body, string? GrpcStatus, string? GrpcMessage);
