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
    private bool _wroteMessage;

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
        lock (_response)
        {
            ThrowIfCutOff();
            PutMessage(message, serialize);
            bool mayWait = (WriteOptions?.Flags & WriteFlags.BufferHint) == WriteFlags.BufferHint;
            return mayWait ? default : HttpContext.Response.BodyWriter.FlushAsync(cancellationToken);
        }
    }

    /// <summary>Writes one message that leaves with the next flush or the end of the call.</summary>
    public void BufferMessage<T>(T message, Action<T, SerializationContext> serialize)
    {
        lock (_response)
        {
            ThrowIfCutOff();
            PutMessage(message, serialize);
        }
    }

    private ValueTask<FlushResult> SendHeadersAsync()
    {
        lock (_response)
        {
            ThrowIfCutOff();
            NegotiateEncoding();
            return HttpContext.Response.BodyWriter.FlushAsync(CancellationToken);
        }
    }

    private void PutMessage<T>(T message, Action<T, SerializationContext> serialize)
    {
        if (_writer is null)
        {
            NegotiateEncoding();
            _writer = new FrameWriter(
                HttpContext.Response.BodyWriter, _settings.MaxSendBytes, _responseCompression, _settings.CompressionLevel);
        }

        _writer.Write(message, serialize, allowCompression: (WriteOptions?.Flags & WriteFlags.NoCompress) != WriteFlags.NoCompress);
        _wroteMessage = true;
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
