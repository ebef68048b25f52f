using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.Net.Wire;

/// <summary>The encodings that one side knows, by name.</summary>
internal sealed class MessageEncodings
{
    private readonly Dictionary<string, ICompressionProvider> _providers = new(StringComparer.Ordinal);

    /// <summary>gzip and deflate unless <paramref name="providers"/> says otherwise.</summary>
    public MessageEncodings(IEnumerable<ICompressionProvider>? providers)
    {
        foreach (ICompressionProvider provider in providers ?? Default())
        {
            _providers.TryAdd(provider.EncodingName, provider);
        }

        AcceptEncoding = string.Join(',', _providers.Keys.Prepend(GrpcHeaders.Identity));
    }

    /// <summary>The value of <c>grpc-accept-encoding</c>.</summary>
    public string AcceptEncoding { get; }

    public static IList<ICompressionProvider> Default() =>
        [new GzipCompressionProvider(CompressionLevel.Fastest), new DeflateCompressionProvider(CompressionLevel.Fastest)];

    public static bool IsIdentity(string? name) => string.IsNullOrEmpty(name) || name == GrpcHeaders.Identity;

    public ICompressionProvider? Find(string? name) => name is null ? null : _providers.GetValueOrDefault(name);
}
