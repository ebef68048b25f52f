using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;
using Grpc.Net.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Internal;

internal sealed partial class HttpContextServerCallContext
{
    private FrameReader? _reader;
    private FrameWriter? _writer;
    private ICompressionProvider? _responseCompression;
    private string? _wantedEncoding;
    private bool _negotiated;

    /// <summary>The response cannot be ended with trailers any more: part of a message is already in it.</summary>
    public bool ResponseIsBroken => _writer is { Broken: true };

    public FrameReader Reader => _reader ??= new FrameReader(
        HttpContext.Request.BodyReader,
        _settings.MaxReceiveBytes,
        HttpContext.Request.Headers[GrpcHeaders.Encoding],
        _settings.Encodings);

    /// <summary>Writes one message; returns when the transport has taken it, or at once when it may wait for the next.</summary>
    public ValueTask<FlushResult> WriteMessageAsync<T>(
        T message,
        Action<T, SerializationContext> serialize,
        CancellationToken cancellationToken)
    {
        PipeWriter body = HttpContext.Response.BodyWriter;
        WriteFlags flags = WriteOptions?.Flags ?? default;
        if (_writer is null)
        {
            NegotiateEncoding();
            _writer = new FrameWriter(body, _settings.MaxSendBytes, _responseCompression, _settings.CompressionLevel);
        }

        _writer.Write(message, serialize, allowCompression: (flags & WriteFlags.NoCompress) == 0);
        return (flags & WriteFlags.BufferHint) != 0 ? default : body.FlushAsync(cancellationToken);
    }

    /// <summary>The response is compressed when it was asked for here and the caller accepts the encoding.</summary>
    private void NegotiateEncoding()
    {
        if (_negotiated)
        {
            return;
        }

        _negotiated = true;
        ICompressionProvider? wanted = _wantedEncoding is null ? _settings.ResponseCompression : _settings.Encodings.Find(_wantedEncoding);
        if (wanted is not null && Accepts(wanted.EncodingName) && !HttpContext.Response.HasStarted)
        {
            _responseCompression = wanted;
            HttpContext.Response.Headers[GrpcHeaders.Encoding] = wanted.EncodingName;
        }
    }

    private bool Accepts(string encoding) => HttpContext.Request.Headers[GrpcHeaders.AcceptEncoding]
        .SelectMany(value => (value ?? "").Split(','))
        .Any(name => name.AsSpan().Trim().Equals(encoding, StringComparison.OrdinalIgnoreCase));
}
