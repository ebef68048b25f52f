using System.IO.Compression;
using Grpc.Net.Compression;
using Grpc.Net.Wire;

namespace Grpc.AspNetCore.Server;

/// <summary>How services treat messages and errors. Sizes are in bytes; null means without limit.</summary>
public class GrpcServiceOptions
{
    private int? _maxReceiveMessageSize;
    private int? _maxSendMessageSize;
    private IList<ICompressionProvider>? _compressionProviders;

    public int? MaxSendMessageSize
    {
        get => _maxSendMessageSize;
        set => (_maxSendMessageSize, MaxSendIsSet) = (value, true);
    }

    /// <summary>4 MiB unless set.</summary>
    public int? MaxReceiveMessageSize
    {
        get => _maxReceiveMessageSize;
        set => (_maxReceiveMessageSize, MaxReceiveIsSet) = (value, true);
    }

    /// <summary>Whether callers see the type and message of unexpected exceptions. False unless set.</summary>
    public bool? EnableDetailedErrors { get; set; }

    /// <summary>Encoding of responses, when the caller accepts it. None unless set.</summary>
    public string? ResponseCompressionAlgorithm { get; set; }

    public CompressionLevel? ResponseCompressionLevel { get; set; }

    /// <summary>gzip and deflate unless changed.</summary>
    public IList<ICompressionProvider> CompressionProviders
    {
        get => _compressionProviders ??= MessageEncodings.Default();
        set => _compressionProviders = value;
    }

    /// <summary>Whether calls to unknown services and methods are left to other endpoints instead of answered UNIMPLEMENTED.</summary>
    public bool? IgnoreUnknownServices { get; set; }

    public InterceptorCollection Interceptors { get; } = [];

    internal bool MaxSendIsSet { get; private set; }

    internal bool MaxReceiveIsSet { get; private set; }

    internal IList<ICompressionProvider>? ConfiguredCompressionProviders => _compressionProviders;
}
