using System.IO.Compression;
using Grpc.Net.Compression;
using Grpc.Net.Wire;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The options of a service, merged with those of the server.</summary>
internal sealed class ServiceSettings
{
    private const int DefaultMaxReceiveBytes = 4 * 1024 * 1024;

    public ServiceSettings(GrpcServiceOptions server, GrpcServiceOptions? service)
    {
        MaxReceiveBytes = service is { MaxReceiveIsSet: true } ? service.MaxReceiveMessageSize
            : server.MaxReceiveIsSet ? server.MaxReceiveMessageSize
            : DefaultMaxReceiveBytes;
        MaxSendBytes = service is { MaxSendIsSet: true } ? service.MaxSendMessageSize : server.MaxSendMessageSize;
        DetailedErrors = service?.EnableDetailedErrors ?? server.EnableDetailedErrors ?? false;
        IgnoreUnknown = service?.IgnoreUnknownServices ?? server.IgnoreUnknownServices ?? false;
        CompressionLevel = service?.ResponseCompressionLevel ?? server.ResponseCompressionLevel;
        Encodings = new MessageEncodings((service?.ConfiguredCompressionProviders ?? []).Concat(server.CompressionProviders));
        ResponseCompression = Known(service?.ResponseCompressionAlgorithm ?? server.ResponseCompressionAlgorithm);
        Interceptors = [.. server.Interceptors, .. service?.Interceptors ?? []];
    }

    public int? MaxReceiveBytes { get; }

    public int? MaxSendBytes { get; }

    public bool DetailedErrors { get; }

    public bool IgnoreUnknown { get; }

    public CompressionLevel? CompressionLevel { get; }

    public MessageEncodings Encodings { get; }

    public ICompressionProvider? ResponseCompression { get; }

    /// <summary>Outermost first.</summary>
    public IReadOnlyList<InterceptorRegistration> Interceptors { get; }

    private ICompressionProvider? Known(string? algorithm) => MessageEncodings.IsIdentity(algorithm)
        ? null
        : Encodings.Find(algorithm) ?? throw new InvalidOperationException(
            $"The configured response compression algorithm '{algorithm}' does not have a matching compression provider.");
}
